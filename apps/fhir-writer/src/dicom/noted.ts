import type { ReportKey } from '../reports/report-store.ts';

/** What an archive was asked to keep: of one report, as it stands in one edition. */
export interface Kept {
  destination: string;
  report: ReportKey;
  edition: number;
}

/** Thrown where the app's own database cannot say or note what an archive has: then nothing may be sent. */
export class NotNoted extends Error {
  override readonly name = 'NotNoted';
}

/** Work on the app's own database. */
export async function noted<T>(work: () => Promise<T>): Promise<T> {
  return work().catch((error: unknown) => {
    throw new NotNoted('what an archive has cannot be read or noted', { cause: error });
  });
}

export function keyOf({ studyInstanceUid, model, generation }: ReportKey): [string, string, number] {
  return [studyInstanceUid, model, generation];
}
