import { randomBytes, randomUUID } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, importJWK, SignJWT, type JWK } from 'jose';
import { ROLES, Settings, type Role } from '../identity-provider/settings.ts';
import { Child } from './child.ts';
import { freePort, LOOPBACK } from './ports.ts';
import { REPOSITORY } from './repository.ts';

export type { Role } from '../identity-provider/settings.ts';
export { isRole, ROLES } from '../identity-provider/settings.ts';

export interface IdentityProviderOptions {
  /** Holds keys and secrets (0600): tokens outlive a restart. */
  readonly directory: string;
  readonly port?: number;
  readonly audience?: string;
  /** Where the reading room is, for its redirect URIs. */
  readonly readingRoomUrl?: string;
  readonly deadlineMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface TokenSource {
  readonly tokenUrl: string;
  readonly roleClientSecret: string;
  readonly fhirWriterKeyFile: string;
}

export interface IdentityProvider extends TokenSource {
  readonly issuer: string;
  readonly port: number;
  readonly pid: number;
  readonly logFile: string;
  readonly jwksUrl: string;
  readonly audience: string;
  readonly readingRoom: { readonly clientId: string; readonly clientSecretFile: string };
  readonly fhirWriter: { readonly clientId: string; readonly keyFile: string };
  /** The people who can sign in, and their one password. */
  readonly users: readonly Role[];
  readonly password: string;
  /** An access token of a role, or of the machine that may write (`system/*.cruds`). */
  token(who: Role | 'system'): Promise<string>;
  stop(): Promise<void>;
  kill(signal?: NodeJS.Signals): Promise<void>;
  start(): Promise<void>;
  restart(): Promise<void>;
  pause(): void;
  resume(): void;
  onExit: Child['onExit'];
}

const CALLBACKS = ['/auth/callback', '/callback', '/signin/callback', '/session/callback', '/oidc/callback'];

export async function startIdentityProvider(options: IdentityProviderOptions): Promise<IdentityProvider> {
  const port = options.port ?? (await freePort());
  const { directory } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await chmod(directory, 0o700);
  const files = {
    settings: join(directory, 'settings.json'),
    readingRoomSecret: join(directory, 'reading-room.secret'),
    fhirWriterKey: join(directory, 'fhir-writer.jwk.json'),
  };
  const settings = await settle(files, {
    issuer: `http://${LOOPBACK}:${port}`,
    port,
    audience: options.audience ?? 'sightline',
    redirectUris: CALLBACKS.map((path) => `${options.readingRoomUrl ?? `http://${LOOPBACK}:8080`}${path}`),
  });
  const child = await Child.start({
    name: 'OpenID provider',
    command: process.execPath,
    args: ['--import', 'tsx', join(REPOSITORY, 'tools/sandbox/identity-provider/main.ts'), files.settings],
    environment: { NODE_OPTIONS: '', NODE_NO_WARNINGS: '1' },
    workingDirectory: REPOSITORY,
    logFile: join(directory, 'identity-provider.log'),
    directory,
    ports: [port],
    isReady: async () => (await fetch(`${settings.issuer}/.well-known/openid-configuration`)).ok,
    deadlineMs: options.deadlineMs ?? 180_000,
    signal: options.signal,
  });
  const source: TokenSource = {
    tokenUrl: `${settings.issuer}/token`,
    roleClientSecret: settings.roleClientSecret,
    fhirWriterKeyFile: files.fhirWriterKey,
  };
  return {
    ...source,
    issuer: settings.issuer,
    port,
    get pid() {
      return child.pid;
    },
    logFile: child.logFile,
    jwksUrl: `${settings.issuer}/jwks`,
    audience: settings.audience,
    readingRoom: { clientId: settings.readingRoom.clientId, clientSecretFile: files.readingRoomSecret },
    fhirWriter: { clientId: settings.fhirWriter.clientId, keyFile: files.fhirWriterKey },
    users: ROLES,
    password: settings.password,
    token: (who) => fetchToken(source, who),
    stop: () => child.stop(),
    kill: (signal) => child.kill(signal),
    start: () => child.start(),
    restart: () => child.restart(),
    pause: () => child.pause(),
    resume: () => child.resume(),
    onExit: (listener) => child.onExit(listener),
  };
}

/** What a token can be fetched with where a sandbox runs already; undefined where none was ever started. */
export async function readTokenSource(directory: string): Promise<TokenSource | undefined> {
  const text = await readFile(join(directory, 'settings.json'), 'utf8').catch(() => undefined);
  if (text === undefined) {
    return undefined;
  }
  const settings = Settings.parse(JSON.parse(text));
  return {
    tokenUrl: `${settings.issuer}/token`,
    roleClientSecret: settings.roleClientSecret,
    fhirWriterKeyFile: join(directory, 'fhir-writer.jwk.json'),
  };
}

export async function fetchToken(source: TokenSource, who: Role | 'system'): Promise<string> {
  const form =
    who === 'system'
      ? {
          grant_type: 'client_credentials',
          scope: 'system/*.cruds',
          client_id: 'fhir-writer',
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion: await clientAssertion(source),
        }
      : { grant_type: 'client_credentials', client_id: `sandbox-${who}`, client_secret: source.roleClientSecret };
  const response = await fetch(source.tokenUrl, { method: 'POST', body: new URLSearchParams(form) });
  const answer = (await response.json()) as { access_token?: string; error?: string; error_description?: string };
  if (answer.access_token === undefined) {
    throw new Error(`no token for ${who}: ${answer.error ?? response.status} ${answer.error_description ?? ''}`);
  }
  return answer.access_token;
}

/** SMART backend services: a JWT signed with the client's own key, for this one request. */
async function clientAssertion(source: TokenSource): Promise<string> {
  const jwk = JSON.parse(await readFile(source.fhirWriterKeyFile, 'utf8')) as JWK;
  return new SignJWT({})
    .setProtectedHeader({ alg: 'ES384', kid: jwk.kid ?? '', typ: 'JWT' })
    .setIssuer('fhir-writer')
    .setSubject('fhir-writer')
    .setAudience(source.tokenUrl)
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime('2m')
    .sign(await importJWK(jwk, 'ES384'));
}

interface Files {
  readonly settings: string;
  readonly readingRoomSecret: string;
  readonly fhirWriterKey: string;
}

/** Keeps the secrets of an earlier start, takes the addresses of this one. */
async function settle(
  files: Files,
  now: { issuer: string; port: number; audience: string; redirectUris: string[] },
): Promise<Settings> {
  const earlier = await readFile(files.settings, 'utf8')
    .then((text) => Settings.parse(JSON.parse(text)))
    .catch(() => undefined);
  const { redirectUris, ...addresses } = now;
  const secrets = earlier ?? (await makeSecrets(files));
  const settings: Settings = { ...secrets, ...addresses, readingRoom: { ...secrets.readingRoom, redirectUris } };
  await writeFile(files.settings, JSON.stringify(settings, undefined, 2), { mode: 0o600 });
  await writeFile(files.readingRoomSecret, settings.readingRoom.clientSecret, { mode: 0o600 });
  return settings;
}

async function makeSecrets(files: Files): Promise<Omit<Settings, 'issuer' | 'port' | 'audience'>> {
  const signingKeys = await Promise.all(
    (['ES256', 'RS256'] as const).map(async (alg) => {
      const { privateKey } = await generateKeyPair(alg, { extractable: true });
      return { ...(await exportJWK(privateKey)), alg, use: 'sig', kid: `${alg.toLowerCase()}-${randomUUID()}` };
    }),
  );
  const writer = await generateKeyPair('ES384', { extractable: true });
  const kid = randomUUID();
  const privateKey = { ...(await exportJWK(writer.privateKey)), alg: 'ES384', use: 'sig', kid };
  await writeFile(files.fhirWriterKey, JSON.stringify(privateKey), { mode: 0o600 });
  const publicKey = { ...(await exportJWK(writer.publicKey)), alg: 'ES384', use: 'sig', kid };
  return {
    signingKeys,
    cookieKeys: [secret()],
    // Short enough to type from the terminal; it guards invented patients on this machine alone.
    password: randomBytes(9).toString('base64url'),
    readingRoom: { clientId: 'reading-room', clientSecret: secret(), redirectUris: [] },
    fhirWriter: { clientId: 'fhir-writer', publicKey },
    roleClientSecret: secret(),
  };
}

function secret(): string {
  return randomBytes(32).toString('base64url');
}
