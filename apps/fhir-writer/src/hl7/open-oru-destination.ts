import { readFile } from 'node:fs/promises';
import type { Hl7DestinationSettings } from '../site.ts';
import { MllpDestination } from './mllp-destination.ts';
import { OruDestination, type WhosePatient } from './oru-destination.ts';

const connectTimeoutMs = 5_000;
const maxAnswerBytes = 64 * 1_024;

/** An HL7 v2 destination as the site describes it; certificates are read once. */
export async function openOruDestination(
  settings: Hl7DestinationSettings,
  site: { onlyReport: boolean },
  whose: WhosePatient,
): Promise<OruDestination> {
  const { name, host, port, tls, sending, receiving, processingId, answerTimeoutMs } = settings;
  const mllp = new MllpDestination({
    host,
    port,
    ...(tls === undefined ? {} : { tls: await tlsOf(tls) }),
    connectTimeoutMs,
    answerTimeoutMs,
    maxAnswerBytes,
  });
  const named = ({ application, facility }: typeof sending) => ({
    application: { namespace: application },
    facility: { namespace: facility },
  });
  return new OruDestination({
    name,
    mllp,
    whose,
    message: { sending: named(sending), receiving: named(receiving), processingId, onlyReport: site.onlyReport },
  });
}

async function tlsOf({ caFile, certFile, keyFile, serverName }: NonNullable<Hl7DestinationSettings['tls']>) {
  return {
    ...(caFile === undefined ? {} : { ca: await readFile(caFile) }),
    ...(certFile === undefined ? {} : { cert: await readFile(certFile) }),
    ...(keyFile === undefined ? {} : { key: await readFile(keyFile) }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  };
}
