import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const loginsSchema = z.record(z.string(), z.object({ user: z.string(), password: z.string() }));

/**
 * Address of the audit database: what was said on the command line, else DATABASE_URL, else the sandbox that runs in this
 * folder. Undefined where nothing says it.
 */
export async function findDatabase(given: string | undefined, directory: string): Promise<string | undefined> {
  const said = given ?? process.env['DATABASE_URL'];
  if (said !== undefined) return said;
  const logins = await readFile(join(directory, 'postgres', 'logins.json'), 'utf8').catch(() => undefined);
  if (logins === undefined) return undefined;
  const known = loginsSchema.parse(JSON.parse(logins));
  const [name, login] =
    Object.entries(known).find(([database]) => database.replaceAll('_', '-') === 'audit-monitor') ?? [];
  if (name === undefined || login === undefined) return undefined;
  const port = await portOf(join(directory, 'postgres', 'data', 'postmaster.pid'));
  return `postgres://${login.user}:${login.password}@127.0.0.1:${port}/${name}`;
}

/** Fourth line of postmaster.pid; the sandbox's usual port where it cannot be read. */
async function portOf(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n')[3]?.trim() || '5433';
}
