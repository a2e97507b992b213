import { askApp, type Answer, type Door } from '../operator/ask-app.ts';
import type { Command } from './parse-command.ts';
import { type Decided, decidedSchema, type Status, statusSchema } from './describe-models.ts';

export function readStatus(door: Door): Promise<Answer<Status>> {
  return askApp(door, 'models', statusSchema);
}

export async function decide(door: Door, command: Command & { kind: 'decide' }): Promise<Answer<Decided>> {
  const { name, decision, reason, dryRun, expectedRevision } = command;
  const version = command.version ?? (await findPrimary(door, name));
  if (typeof version !== 'string') return version;
  return askApp(door, `models/${name}/versions/${version}/${decision}`, decidedSchema, {
    reason,
    dryRun,
    expectedRevision,
  });
}

async function findPrimary(door: Door, name: string): Promise<string | Exclude<Answer<never>, { kind: 'answer' }>> {
  const status = await readStatus(door);
  if (status.kind !== 'answer') return status;
  const model = status.body.models.find((one) => one.name === name);
  const primary = model?.versions.find(({ role }) => role === 'primary')?.version;
  return primary ?? { kind: 'refused', line: model === undefined ? `no model ${name}` : `${name} has no primary` };
}
