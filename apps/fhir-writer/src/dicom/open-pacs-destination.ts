import type { ObjectStore } from '@sightline/object-store';
import { BackendToken } from '../fhir/backend-token.ts';
import { readTls } from '../read-tls.ts';
import type { DicomDestinationSettings, Site } from '../site.ts';
import type { Archive } from './archive.ts';
import { CStoreArchive } from './c-store-archive.ts';
import type { AskedCommitments } from './asked-commitments.ts';
import type { KeptObjects } from './kept-objects.ts';
import { PacsDestination } from './pacs-destination.ts';
import { StowArchive } from './stow-archive.ts';

/** How long the association that asked for commitment is held open for the answer, where there is no other way for it to come, and where there is. */
const aloneMs = 10_000;
const besidePortMs = 1_000;

/** What every archive is reached with. */
export interface ArchiveParts {
  objects: ObjectStore;
  kept: KeptObjects;
  asked: AskedCommitments;
}

/** A DICOM destination as the site describes it; certificates are read once. */
export async function openPacsDestination(
  settings: DicomDestinationSettings,
  site: Pick<Site, 'onlyReport' | 'dicom'>,
  parts: ArchiveParts,
): Promise<PacsDestination> {
  const { name, atOnce, attempts } = settings;
  return new PacsDestination({
    name,
    atOnce,
    attempts,
    archive: await openArchive(settings, site.dicom === undefined ? aloneMs : besidePortMs),
    ...parts,
    onlyReport: site.onlyReport,
  });
}

async function openArchive(
  { send, connectTimeoutMs, answerTimeoutMs }: DicomDestinationSettings,
  awaitMs: number,
): Promise<Archive> {
  const tls = send.tls === undefined ? {} : { tls: await readTls(send.tls) };
  if (send.by === 'stow-rs') {
    const token = send.token === undefined ? {} : { token: new BackendToken(send.token) };
    return new StowArchive({ baseUrl: send.baseUrl, answerTimeoutMs, ...token, ...tls });
  }
  const { host, port, calledAeTitle, callingAeTitle } = send;
  const peer = { host, port, calledAeTitle, callingAeTitle, connectTimeoutMs, answerTimeoutMs, ...tls };
  return new CStoreArchive(peer, send.storageCommitment ? { answerMs: send.commitmentTimeoutMs, awaitMs } : undefined);
}
