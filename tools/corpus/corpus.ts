import { isStorageSopClass, readFileMeta, readHeader, sopClassName, transferSyntaxName } from '@sightline/dicom';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { decodeCorpus, decodingReport, isMismatch } from './decode-corpus.ts';
import { startKafka } from '../sandbox/parts/kafka.ts';
import { startPostgres } from '../sandbox/parts/postgres.ts';
import { Scu } from './scu.ts';
import { startIngest } from './start-ingest.ts';
import { describeVolumes } from './volumes.ts';

interface CorpusFile {
  name: string;
  sopClassUid: string;
  sopInstanceUid: string;
  transferSyntaxUid: string;
  dataSet: Uint8Array;
}

interface Sent {
  file: CorpusFile;
  answer: string;
  comment: string;
}

/** Every Part 10 file below a folder that names a storage SOP class and a transfer syntax. */
async function readCorpus(folder: string): Promise<{ files: CorpusFile[]; passedOver: string[] }> {
  const files: CorpusFile[] = [];
  const passedOver: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = await readFile(path);
    const read = readFileMeta(bytes);
    const name = relative(folder, path);
    const meta = read.kind === 'meta' ? read.meta : undefined;
    if (meta?.mediaStorageSopClassUid === undefined || !isStorageSopClass(meta.mediaStorageSopClassUid)) {
      passedOver.push(name);
      continue;
    }
    // As toolkits do: sent under the UID the data set itself has, where it can be read.
    const header = readHeader(bytes);
    const sopInstanceUid = header.kind === 'header' ? header.header.sopInstanceUid : meta.mediaStorageSopInstanceUid;
    files.push({
      name,
      sopClassUid: meta.mediaStorageSopClassUid,
      sopInstanceUid: sopInstanceUid ?? '',
      transferSyntaxUid: meta.transferSyntaxUid,
      dataSet: bytes.subarray(meta.dataSetOffset),
    });
  }
  return { files, passedOver };
}

/** All files over as few associations as their contexts allow; an association that ends early is counted and replaced. */
async function sendAll(
  peer: { host: string; port: number; aeTitle: string },
  files: readonly CorpusFile[],
): Promise<Sent[]> {
  const pairs = new Map(
    files.map(({ sopClassUid, transferSyntaxUid }) => [
      `${sopClassUid} ${transferSyntaxUid}`,
      [sopClassUid, transferSyntaxUid] as [string, string],
    ]),
  );
  const contexts = [...pairs.values()];
  if (contexts.length > 128) throw new Error('more than 128 presentation contexts: send the folder in parts');
  const sent: Sent[] = [];
  let scu = await Scu.associate(peer, contexts);
  for (const file of files) {
    if (!scu.accepts(file.sopClassUid, file.transferSyntaxUid)) {
      sent.push({ file, answer: 'context rejected', comment: '' });
      continue;
    }
    const answer = await scu.store(file);
    if (answer === undefined) {
      sent.push({ file, answer: 'ASSOCIATION LOST', comment: '' });
      scu = await Scu.associate(peer, contexts);
      continue;
    }
    sent.push({ file, answer: `0x${answer.status.toString(16).padStart(4, '0')}`, comment: answer.comment });
  }
  await scu.release();
  return sent;
}

function table(sent: readonly Sent[]): string {
  const rows = new Map<string, { count: number; answers: Map<string, number> }>();
  for (const { file, answer } of sent) {
    const name = transferSyntaxName(file.transferSyntaxUid);
    const row = rows.get(name) ?? { count: 0, answers: new Map<string, number>() };
    row.count++;
    row.answers.set(answer, (row.answers.get(answer) ?? 0) + 1);
    rows.set(name, row);
  }
  const width = Math.max(...[...rows.keys()].map((name) => name.length));
  return [...rows]
    .sort(([, a], [, b]) => b.count - a.count)
    .map(([name, { count, answers }]) => {
      const list = [...answers].map(([answer, times]) => `${answer} × ${times}`).join(', ');
      return `${name.padEnd(width)}  ${String(count).padStart(4)}  ${list}`;
    })
    .join('\n');
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function run(folder: string): Promise<number> {
  const { files, passedOver } = await readCorpus(folder);
  print(
    `${files.length} files to send, ${passedOver.length} passed over (no Part 10 file with a storage SOP class and a transfer syntax)`,
  );
  const directory = await mkdtemp(join(tmpdir(), 'sightline-corpus-'));
  const stops: (() => Promise<void>)[] = [() => rm(directory, { recursive: true, force: true })];
  try {
    const { chmod } = await import('node:fs/promises');
    await chmod(directory, 0o711);
    const [postgres, kafka] = await Promise.all([
      startPostgres({ directory: join(directory, 'postgres') }),
      startKafka({ directory: join(directory, 'kafka') }),
    ]);
    stops.push(
      () => postgres.stop(),
      () => kafka.stop(),
    );
    await mkdir(join(directory, 'models'));
    const ingest = await startIngest({
      directory,
      databaseUrl: await postgres.createDatabase('dicom_ingest'),
      brokers: kafka.brokers,
      objectStoreUrl: `file://${directory}/objects`,
      modelsDir: join(directory, 'models'),
    });
    stops.push(() => ingest.child.stop());
    const start = performance.now();
    const sent = await sendAll(ingest.dicom, files);
    const seconds = (performance.now() - start) / 1_000;
    report(sent, seconds);
    const echo = await Scu.associate(ingest.dicom, [['1.2.840.10008.1.1', '1.2.840.10008.1.2']]);
    print(`C-ECHO afterwards: 0x${((await echo.echo()) ?? -1).toString(16).padStart(4, '0')}`);
    await echo.release();
    return sent.some(({ answer }) => answer === 'ASSOCIATION LOST') ? 1 : 0;
  } finally {
    for (const stop of stops.toReversed()) await stop();
  }
}

/** What another decoder made of the files, against what this one makes; 1 where they disagree. */
async function reportDecoding(folder: string): Promise<number> {
  const outcomes = await decodeCorpus(folder);
  if (outcomes === undefined) return 0;
  print(decodingReport(outcomes));
  const mismatches = outcomes.filter((outcome) => isMismatch(outcome)).length;
  const listed = outcomes.filter(({ row }) => row.decodes === 'yes').length;
  print(`${listed} files that another decoder reads, ${mismatches} of them read otherwise or not at all`);
  return mismatches > 0 ? 1 : 0;
}

function report(sent: readonly Sent[], seconds: number): void {
  print(table(sent));
  for (const { file, answer, comment } of sent) {
    if (answer !== '0x0000') print(`${answer}  ${file.name} (${sopClassName(file.sopClassUid)})  ${comment}`);
  }
  const count = (wanted: (answer: string) => boolean): number => sent.filter(({ answer }) => wanted(answer)).length;
  const lost = count((answer) => answer === 'ASSOCIATION LOST');
  print(
    `${sent.length} sent in ${seconds.toFixed(1)} s: ${count((answer) => answer === '0x0000')} stored, ` +
      `${count((answer) => answer.startsWith('0xb'))} with a warning, ` +
      `${count((answer) => /^0x[^0b]|^0x0[^0]/.test(answer))} refused with a reason, ` +
      `${count((answer) => answer === 'context rejected')} contexts rejected, ${lost} associations lost`,
  );
}

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write('usage: npm run test:corpus -- DIR\n');
  process.exit(64);
}
const decoded = await reportDecoding(folder);
for (const line of await describeVolumes(folder)) print(line);
const received = await run(folder);
process.exit(Math.max(decoded, received));
