import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { fetchToken, readTokenSource } from '../sandbox/parts/identity-provider.ts';
import { REPOSITORY } from '../sandbox/parts/repository.ts';
import { type Answer, decide, type Door, readStatus } from './ask-audit-monitor.ts';
import { describeDecided, describeStatus } from './describe-models.ts';
import { type Command, parseCommand, usage } from './parse-command.ts';

// `npm run model -- …`: which version of a model plays which part, and deciding it.

const exitCodes = { refused: 1, malformed: 2, unasked: 3 } as const;

const sandbox = process.env['SANDBOX_DIRECTORY'] ?? join(REPOSITORY, '.sandbox');

const command = parseCommand(process.argv.slice(2));
if (command.kind === 'malformed') stop('malformed', `${command.line}\n\n${usage}`);

const door = await findDoor(command);
if (command.kind === 'status') {
  const { models, refused } = answered(await readStatus(door));
  const { name } = command;
  const status = { models: models.filter((model) => name === undefined || model.name === name), refused };
  if (name !== undefined && status.models.length === 0) stop('refused', `no model ${name}`);
  console.log(command.json ? JSON.stringify(status) : describeStatus(status));
} else {
  const decided = answered(await decide(door, command));
  console.log(command.json ? JSON.stringify(decided) : describeDecided(decided));
}

/** The address and token given, or the sandbox's that runs here. */
async function findDoor({ url = process.env['SIGHTLINE_URL'] }: Command): Promise<Door> {
  const token = process.env['SIGHTLINE_TOKEN'] ?? (await sandboxToken());
  const address = url ?? (await sandboxUrl());
  return address !== undefined && token !== undefined
    ? { url: address, token }
    : stop('unasked', 'No mesh runs here: npm start, or give --url and SIGHTLINE_TOKEN');
}

async function sandboxUrl(): Promise<string | undefined> {
  const text = await readFile(join(sandbox, 'endpoints.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  return new URL(z.object({ auditUrl: z.url() }).parse(JSON.parse(text)).auditUrl).origin;
}

async function sandboxToken(): Promise<string | undefined> {
  const source = await readTokenSource(join(sandbox, 'identity'));
  return source === undefined ? undefined : fetchToken(source, 'operator').catch(() => undefined);
}

function answered<T>(answer: Answer<T>): T {
  return answer.kind === 'answer' ? answer.body : stop(answer.kind, answer.line);
}

function stop(why: keyof typeof exitCodes, line: string): never {
  console.error(line);
  process.exit(exitCodes[why]);
}
