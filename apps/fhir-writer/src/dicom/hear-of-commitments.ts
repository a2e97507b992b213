import { Scp, type TakeCommitmentResult } from '@sightline/dimse';
import { counter, describeError, type Logger } from '@sightline/platform';
import type { CommitmentsSettings, Site } from '../site.ts';
import type { AskedCommitments } from './asked-commitments.ts';

const endings = counter('sightline_filing_associations_total', 'Associations of archives with us by how they ended', [
  'ending',
]);

const limits = { maxAssociations: 32, associateTimeoutMs: 10_000, idleTimeoutMs: 60_000 };
const graceMs = 5_000;

/** The port on which archives say what they answer for, where they do not say so on the association that asked. */
export class HearOfCommitments {
  private scp: Scp | undefined;

  constructor(
    private readonly site: Site,
    private readonly asked: AskedCommitments,
    private readonly log: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.site.dicom === undefined) return;
    this.scp = new Scp({ ...limits, ...rulesOf(this.site.dicom, this.site), ...this.serves }, this.log);
    await this.scp.listen();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.scp?.close(graceMs);
  }

  private get serves() {
    return {
      commitmentResult: this.take,
      watch: { open: () => undefined, ended: (ending: string) => endings.inc({ ending }) },
    };
  }

  /** Success only once it is noted: an archive that hears anything else may say it again. */
  private readonly take: TakeCommitmentResult = async (result, { callingAeTitle }) => {
    const archives = this.site.destinations.flatMap((one) =>
      one.kind === 'dicom' && calledAeTitleOf(one) === callingAeTitle ? [one.name] : [],
    );
    try {
      const known = await this.asked.committed(archives, result);
      if (!known) this.log.warn('commitment-unknown', { callingAeTitle, transactionUid: result.transactionUid });
      return known ? 'success' : 'noSuchObjectInstance';
    } catch (error) {
      this.log.warn('commitment-not-noted', { callingAeTitle, error: describeError(error) });
      return 'processingFailure';
    }
  };
}

function rulesOf({ host, port, aeTitle }: CommitmentsSettings, { destinations }: Site) {
  const callingAeTitles = destinations.flatMap((one) => (one.kind === 'dicom' ? (calledAeTitleOf(one) ?? []) : []));
  return { host, port, aeTitle, requireCalledAeTitle: true, callingAeTitles };
}

function calledAeTitleOf({ send }: Extract<Site['destinations'][number], { kind: 'dicom' }>): string | undefined {
  return send.by === 'c-store' ? send.calledAeTitle : undefined;
}
