import { randomUUID } from 'node:crypto';
import type { Bundle, BundleEntry, Resource } from '@medplum/fhirtypes';
import type { Passing, Reply } from '../../conformance/fhir-proxy.ts';
import { person } from '../../conformance/records.ts';

/**
 * Answers a writer in a FHIR server's place and keeps nothing: it has every patient that is looked up, and takes as many reports as
 * `takeOne` was called.
 */
export class StandIn {
  private readonly studies = new Set<string>();
  private readonly waiting: (() => void)[] = [];
  private toTake = 0;

  /** What it has no answer to is for the server. */
  readonly answer = async ({ path, body }: Passing): Promise<Reply | undefined> => {
    switch (path) {
      case '/Patient/_search':
        return found(valuesIn(body).map((id) => ({ ...person(id), meta: { versionId: '1' } })));
      case '/ImagingStudy/_search':
        // Only those it took: of a list none of which is there, no writer believes the answer.
        return found(
          valuesIn(body)
            .filter((value) => this.studies.has(value))
            .map(study),
        );
      case '':
        await new Promise<void>((resolve) => {
          this.waiting.push(resolve);
          this.goOn();
        });
        return this.taken(JSON.parse(body) as Bundle);
      default:
        return undefined;
    }
  };

  takeOne(): void {
    this.toTake += 1;
    this.goOn();
  }

  private goOn(): void {
    if (this.toTake === 0) return;
    const next = this.waiting.shift();
    if (next === undefined) return;
    this.toTake -= 1;
    next();
  }

  private taken({ entry = [] }: Bundle): Reply {
    for (const { resource } of entry) {
      if (resource?.resourceType === 'ImagingStudy') this.studies.add(resource.identifier?.[0]?.value ?? '');
    }
    return bundle({
      type: 'transaction-response',
      entry: entry.map(({ resource }) => ({
        response: {
          status: '201 Created',
          location: `${resource?.resourceType}/${randomUUID()}/_history/1`,
          etag: 'W/"1"',
          lastModified: new Date().toISOString(),
        },
      })),
    });
  }
}

function study(value: string): Resource {
  return {
    resourceType: 'ImagingStudy',
    id: 'taken',
    status: 'available',
    subject: { reference: 'Patient/somebody' },
    identifier: [{ system: 'urn:dicom:uid', value }],
  };
}

/** Of the identifiers that a search names. */
function valuesIn(body: string): string[] {
  const identifiers = new URLSearchParams(body).get('identifier') ?? '';
  return identifiers.split(',').map((one) => one.slice(one.indexOf('|') + 1));
}

function found(resources: Resource[]): Reply {
  const entry = resources.map((resource): BundleEntry => ({ resource, search: { mode: 'match' } }));
  return bundle({ type: 'searchset', total: entry.length, entry });
}

function bundle(said: Pick<Bundle, 'type' | 'total' | 'entry'>): Reply {
  return { status: 200, body: JSON.stringify({ resourceType: 'Bundle', ...said }) };
}
