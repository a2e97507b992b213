import { failed, type Failed } from '@sightline/messaging';
import type { CapabilityStatement } from '@medplum/fhirtypes';
import type { Errand } from '../deliveries/destination.ts';
import { Capabilities } from './capabilities.ts';
import type { FhirClient } from './fhir-client.ts';

/** A statement of capabilities is asked for again after this. */
const keptMs = 3_600_000;

type Answered = { kind: 'capabilities'; of: Capabilities } | Failed;

/** What a server says it can do, asked once in a while, and by one for all who want to know meanwhile: it takes seconds to make. */
export class KnownCapabilities {
  private known: { capabilities: Capabilities; until: number } | undefined;
  private asking: Promise<Answered> | undefined;

  constructor(private readonly fhir: FhirClient) {}

  async ask(errand: Errand): Promise<Answered> {
    if (this.known !== undefined && Date.now() < this.known.until) {
      return { kind: 'capabilities', of: this.known.capabilities };
    }
    this.asking ??= this.askServer(errand).finally(() => (this.asking = undefined));
    return this.asking;
  }

  private async askServer(errand: Errand): Promise<Answered> {
    const answer = await this.fhir.read<CapabilityStatement>('metadata', errand);
    if (answer.kind === 'failed') return answer;
    if (answer.kind !== 'ok') return failed('unavailable', 'FHIR server has no CapabilityStatement');
    const capabilities = new Capabilities(answer.body);
    this.known = { capabilities, until: Date.now() + keptMs };
    return { kind: 'capabilities', of: capabilities };
  }
}
