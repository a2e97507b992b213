import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { askApp, type Answer } from '../operator/ask-app.ts';
import { findDoor } from '../operator/find-door.ts';
import { parseCommand, usage } from './parse-command.ts';

// `npm run recall -- …`: withdraws everything a model version said in a time.

const exitCodes = { refused: 1, malformed: 2, unasked: 3 } as const;

/** How long the destinations are waited for; they go on hearing of it afterwards. */
const patienceMs = 120_000;
const everyMs = 1_000;

const reportSchema = z.object({
  studyInstanceUid: z.string(),
  generation: z.int(),
  state: z.string(),
  revision: z.int(),
  saidAt: z.string(),
  destinations: z.record(z.string(), z.string()),
});
const listSchema = z.object({ reports: z.array(reportSchema) });
const progressSchema = z.object({
  reports: z.int(),
  standing: z.int(),
  waiting: z.record(z.string(), z.record(z.string(), z.int())),
});
type Progress = z.infer<typeof progressSchema>;
type Listed = z.infer<typeof reportSchema>;

const parsed = parseCommand(process.argv.slice(2));
if (parsed.kind === 'malformed') stop('malformed', `${parsed.line}\n\n${usage}`);
const { dryRun, json, url, reason, ...recall } = parsed.command;
const door =
  (await findDoor('fhir-writer', url)) ??
  stop('unasked', 'No mesh runs here: npm start, or give --url and SIGHTLINE_TOKEN');

const reports = await listAll();
if (!json) say(reports);
if (dryRun) {
  if (json) console.log(JSON.stringify({ reports }));
} else {
  const progress = await withdrawAll();
  if (json) console.log(JSON.stringify(progress));
  else sayProgress(progress);
  process.exitCode = dueIn(progress) === 0 && progress.standing === 0 ? 0 : exitCodes.refused;
}

async function listAll(): Promise<Listed[]> {
  const all: Listed[] = [];
  for (;;) {
    const last = all.at(-1);
    const after =
      last === undefined ? {} : { after: { studyInstanceUid: last.studyInstanceUid, generation: last.generation } };
    const page = answered(await askApp(door, 'recalls/list', listSchema, { ...recall, ...after }));
    if (page.reports.length === 0) return all;
    all.push(...page.reports);
  }
}

async function withdrawAll(): Promise<Progress> {
  let progress = answered(await askApp(door, 'recalls/progress', progressSchema, recall));
  while (progress.standing > 0) {
    progress = answered(await askApp(door, 'recalls/withdraw', progressSchema, { ...recall, reason }));
    if (!json) process.stderr.write(`\r${progress.reports - progress.standing} of ${progress.reports} withdrawn `);
  }
  const until = Date.now() + patienceMs;
  while (dueIn(progress) > 0 && Date.now() < until) {
    if (!json) process.stderr.write(`\r${dueIn(progress)} messages to destinations still on their way   `);
    await pause(everyMs);
    progress = answered(await askApp(door, 'recalls/progress', progressSchema, recall));
  }
  if (!json) process.stderr.write('\n');
  return progress;
}

function dueIn({ waiting }: Progress): number {
  return Object.values(waiting).reduce((sum, { due = 0, refused = 0 }) => sum + due + refused, 0);
}

function say(listed: readonly Listed[]): void {
  for (const { studyInstanceUid, generation, state, revision, saidAt, destinations } of listed) {
    const where = Object.entries(destinations).map(([name, status]) => `${name} ${status}`);
    console.log(
      `${saidAt}  ${studyInstanceUid}  report ${generation}, revision ${revision}  ${state}  ${where.join(', ')}`,
    );
  }
  const standing = listed.filter(({ state }) => state !== 'withdrawn').length;
  console.log(`${listed.length} reports, ${standing} not withdrawn`);
}

function sayProgress({ reports: all, standing, waiting }: Progress): void {
  console.log(`${all - standing} of ${all} withdrawn`);
  for (const [name, counts] of Object.entries(waiting)) {
    console.log(
      `${name}: ${Object.entries(counts)
        .map(([status, count]) => `${count} ${status}`)
        .join(', ')}`,
    );
  }
}

function answered<T>(answer: Answer<T>): T {
  return answer.kind === 'answer' ? answer.body : stop(answer.kind, answer.line);
}

function stop(why: keyof typeof exitCodes, line: string): never {
  console.error(line);
  process.exit(exitCodes[why]);
}
