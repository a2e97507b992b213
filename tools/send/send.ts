import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { fetchToken, readTokenSource } from '../sandbox/parts/identity-provider.ts';
import { REPOSITORY } from '../sandbox/parts/repository.ts';
import { awaitReport, type StudyResult } from './await-report.ts';
import { gatherFiles } from './gather-files.ts';
import { type Instance, readInstance, type Refusal, storeAll } from './store.ts';
import { wrapPicture } from './wrap-picture.ts';

const USAGE = `npm run send -- [--json] [--wait] [--timeout SECONDS] PATH…

Sends DICOM files or folders, or PNG/JPEG wrapped as DICOM, to the running mesh over C-STORE. For pictures:
  --modality DX  --body-part CHEST  --view AP  --patient-id ID  --patient-name NAME  --age 004Y  --sex M|F|O
  --birth-date YYYYMMDD  --accession NUMBER
  --dry-run      sends nothing: says what would be sent, and with --out FOLDER writes it there`;

const Endpoints = z.object({
  readingRoomUrl: z.string(),
  dicom: z.object({ host: z.string(), port: z.number(), aeTitle: z.string() }),
});

const options = {
  json: { type: 'boolean', default: false },
  wait: { type: 'boolean', default: false },
  timeout: { type: 'string', default: '180' },
  'dry-run': { type: 'boolean', default: false },
  out: { type: 'string' },
  modality: { type: 'string', default: 'DX' },
  'body-part': { type: 'string', default: 'CHEST' },
  view: { type: 'string', default: 'AP' },
  'patient-id': { type: 'string', default: 'SANDBOX' },
  'patient-name': { type: 'string', default: 'Sandbox^Patient' },
  age: { type: 'string' },
  sex: { type: 'string' },
  'birth-date': { type: 'string' },
  accession: { type: 'string' },
} as const;

function readArguments() {
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch (error) {
    return stop(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`, 2);
  }
}

function stop(line: string, code = 1): never {
  console.error(line);
  process.exit(code);
}

const { values, positionals } = readArguments();
if (positionals.length === 0) {
  stop(USAGE, 2);
}
if (values.age !== undefined && !/^\d{3}[DWMY]$/.test(values.age)) {
  stop(`--age must be three digits and D, W, M or Y, for example 004Y`, 2);
}

const instances: Instance[] = [];
let passedOver = 0;
for await (const found of gatherFiles(positionals)) {
  const file = found.kind === 'picture' ? await wrap(found.bytes) : found;
  const read = file.kind === 'other' || file.kind === 'invalid' ? file : readInstance(found.path, file.bytes);
  if (read.kind === 'instance') {
    instances.push(read.instance);
    if (values.out !== undefined && found.kind === 'picture' && 'bytes' in file) {
      await writeFile(join(values.out, `${basename(found.path)}.dcm`), file.bytes);
    }
  } else {
    // A licence beside the images in a folder is no failure; a file that was named is.
    passedOver += positionals.includes(found.path) ? 1 : 0;
    console.error(`${found.path}: not sent, ${read.reason}`);
  }
}
if (instances.length === 0) {
  stop('nothing to send');
}
const studies = Map.groupBy(instances, ({ studyInstanceUid }) => studyInstanceUid);

if (values['dry-run']) {
  for (const [studyInstanceUid, members] of studies) {
    console.log(
      JSON.stringify({
        studyInstanceUid,
        instances: members.map(({ name, sopClassUid, sopInstanceUid, transferSyntaxUid }) => ({
          name,
          sopClassUid,
          sopInstanceUid,
          transferSyntaxUid,
        })),
      }),
    );
  }
  process.exit(passedOver === 0 ? 0 : 1);
}

const directory = process.env['SANDBOX_DIRECTORY'] ?? join(REPOSITORY, '.sandbox');
const endpoints = await readFile(join(directory, 'endpoints.json'), 'utf8')
  .then((text) => Endpoints.parse(JSON.parse(text)))
  .catch(() => stop('No mesh runs here: npm start'));
const tokens = await readTokenSource(join(directory, 'identity'));

// All studies are sent first: one that waits for its report does not hold up the next.
const waits: Promise<StudyResult>[] = [];
for (const [studyInstanceUid, members] of studies) {
  const beganAt = Date.now();
  const refusals = await storeAll(endpoints.dicom, members).catch((error: Error): Refusal[] =>
    members.map(({ name }) => ({ name, reason: error.message })),
  );
  const receivedAt = Date.now();
  for (const { name, reason } of refusals) {
    console.error(`${name}: ${reason}`);
  }
  waits.push(follow(studyInstanceUid, refusals, { beganAt, receivedAt }));
}
let failures = 0;
for (const wait of waits) {
  const result = await wait;
  failures += ['not-received', 'failed', 'overdue'].includes(result.outcome) ? 1 : 0;
  console.log(values.json ? JSON.stringify(result) : sentence(result));
}
process.exit(failures + passedOver === 0 ? 0 : 1);

async function wrap(picture: Buffer): Promise<{ kind: 'dicom'; bytes: Buffer } | { kind: 'invalid'; reason: string }> {
  const wrapped = await wrapPicture(picture, {
    modality: values.modality,
    bodyPart: values['body-part'],
    view: values.view,
    patientId: values['patient-id'],
    patientName: values['patient-name'],
    age: values.age,
    sex: values.sex,
    birthDate: values['birth-date'],
    accessionNumber: values.accession,
    takenAt: new Date(),
  });
  return wrapped.kind === 'dicom' ? { kind: 'dicom', bytes: wrapped.file } : wrapped;
}

async function follow(
  studyInstanceUid: string,
  refusals: readonly Refusal[],
  { beganAt, receivedAt }: { beganAt: number; receivedAt: number },
): Promise<StudyResult> {
  const seconds = { received: (receivedAt - beganAt) / 1000 };
  const [refusal] = refusals;
  if (refusal !== undefined) {
    return { studyInstanceUid, outcome: 'not-received', reason: refusal.reason, findings: [], seconds: {} };
  }
  if (!values.wait) {
    return { studyInstanceUid, outcome: 'received', findings: [], seconds };
  }
  if (tokens === undefined) {
    return stop('No mesh runs here: npm start');
  }
  return awaitReport(studyInstanceUid, {
    readingRoomUrl: endpoints.readingRoomUrl,
    token: () => fetchToken(tokens, 'clinician'),
    beganAt,
    receivedAt,
    timeoutMs: Number(values.timeout) * 1000,
  });
}

function sentence({ studyInstanceUid, outcome, reason, findings, reportUrl, seconds }: StudyResult): string {
  const times = Object.entries(seconds).map(([name, value]) => `${name} ${value.toFixed(1)} s`);
  return [
    `${studyInstanceUid}: ${outcome}${reason === undefined ? '' : ` (${reason})`}${times.length === 0 ? '' : `, ${times.join(', ')}`}`,
    ...findings.map((finding) => `  ${finding.sentence}`),
    ...(reportUrl === undefined ? [] : [`  ${reportUrl}`]),
  ].join('\n');
}
