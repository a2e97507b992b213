import { readFile } from 'node:fs/promises';
import { codes } from '@sightline/findings';
import type { Outbox } from '@sightline/messaging';
import { type DataSource, inTransaction, type Tx } from '@sightline/persistence';
import type { Logger } from '@sightline/platform';
import { audit } from '../audit.ts';
import { lookAgain } from '../deliveries/look-again.ts';
import type { AdtSettings } from '../site.ts';
import { AdtListener, type AllowedPeers, type RecordEvents } from './adt-listener.ts';

const limits = {
  maxConnections: 32,
  maxMessageBytes: 1_048_576,
  messageTimeoutMs: 30_000,
  idleTimeoutMs: 3_600_000,
  recordTimeoutMs: 10_000,
};
const graceMs = 5_000;

/** The port on which ADT and order systems say that patients were merged, changed, or given other orders. */
export class HearOfPatients {
  private listener: AdtListener | undefined;

  constructor(
    private readonly settings: AdtSettings | undefined,
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox<Tx>,
    private readonly log: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.settings === undefined) return;
    const { host, port, peers } = this.settings;
    this.listener = new AdtListener({ ...limits, host, port, peers: await peersOf(peers) }, this.record, this.log);
    await this.listener.listen();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.listener?.close(graceMs);
  }

  private readonly record: RecordEvents = async ({ controlId, events }) => {
    await inTransaction(this.dataSource, async (tx) => {
      const reports = await lookAgain(tx, events);
      await audit(this.outbox, tx, {
        type: codes.local.patientsChanged,
        what: [controlId],
        subject: 'patients',
        action: 'E',
        agent: { kind: 'peer', name: 'HL7 v2' },
        entities: [{ kind: 'message', id: controlId, detail: `${reports} deliveries looked at again` }],
      });
    });
    return { kind: 'recorded' };
  };
}

async function peersOf(peers: AdtSettings['peers']): Promise<AllowedPeers> {
  if (peers.kind === 'addresses') return peers;
  const { caFile, certFile, keyFile, names } = peers;
  const [ca, cert, key] = await Promise.all([caFile, certFile, keyFile].map((file) => readFile(file)));
  return {
    kind: 'certificates',
    tls: { ca, cert, key },
    ...(names === undefined ? {} : { names }),
  };
}
