import { readTls } from '../read-tls.ts';
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
    ...(tls === undefined ? {} : { tls: await readTls(tls) }),
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
