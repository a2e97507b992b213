import type { Answer } from '../operator/ask-app.ts';
import { findDoor } from '../operator/find-door.ts';
import { decide, readStatus } from './ask-audit-monitor.ts';
import { describeDecided, describeStatus } from './describe-models.ts';
import { parseCommand, usage } from './parse-command.ts';

// `npm run model -- …`: which version of a model plays which part, and deciding it.

const exitCodes = { refused: 1, malformed: 2, unasked: 3 } as const;

const command = parseCommand(process.argv.slice(2));
if (command.kind === 'malformed') stop('malformed', `${command.line}\n\n${usage}`);

const door =
  (await findDoor('audit-monitor', command.url)) ??
  stop('unasked', 'No mesh runs here: npm start, or give --url and SIGHTLINE_TOKEN');
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

function answered<T>(answer: Answer<T>): T {
  return answer.kind === 'answer' ? answer.body : stop(answer.kind, answer.line);
}

function stop(why: keyof typeof exitCodes, line: string): never {
  console.error(line);
  process.exit(exitCodes[why]);
}
