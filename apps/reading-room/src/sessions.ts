import { createHash, randomBytes } from 'node:crypto';
import { type DataSource, inTransaction, type Tx } from '@sightline/persistence';
import { roleSchema, type TokenVerifier, type User } from '@sightline/platform';
import type { IdentityProvider, Tokens } from './identity-provider.ts';
import type { Seal } from './seal.ts';

/** A day's work; then a person signs in again, whatever the provider would still give. */
const longest = '12 hours';

interface SessionRow {
  subject: string;
  name: string | null;
  roles: string[];
  tokens: string;
  fresh: boolean;
}

/**
 * Sessions live in the database, so that signing out ends them at once on every replica. A browser holds a random handle; the
 * database holds its hash, and the tokens sealed.
 */
export class Sessions {
  constructor(
    private readonly dataSource: DataSource,
    private readonly seal: Seal,
    private readonly provider: IdentityProvider,
    private readonly verifier: TokenVerifier,
  ) {}

  /** The handle for the cookie. */
  async open(tx: Tx, user: User, tokens: Tokens): Promise<string> {
    const handle = randomBytes(32).toString('base64url');
    await tx.query('delete from session where ends_at < now()');
    await tx.query(
      `insert into session (id_hash, subject, name, roles, tokens, access_until, ends_at)
       values ($1, $2, $3, $4, $5, $6, now() + interval '${longest}')`,
      [
        hash(handle),
        user.subject,
        user.name ?? tokens.name ?? null,
        user.roles,
        this.seal.close(hash(handle), tokens),
        new Date(tokens.accessUntil),
      ],
    );
    return handle;
  }

  /** Who holds this handle. An access token about to end is renewed first; where the provider refuses that, the session is over. */
  async read(handle: string): Promise<User | undefined> {
    const row = await this.row(this.dataSource, handle);
    if (row === undefined || row.fresh) return row && toUser(row);
    return inTransaction(this.dataSource, (tx) => this.renew(tx, handle));
  }

  /** The person's own access token, to ask other servers with; undefined where the session is over. */
  async accessToken(handle: string): Promise<string | undefined> {
    if ((await this.read(handle)) === undefined) return undefined;
    const row = await this.row(this.dataSource, handle);
    return row && this.tokens(handle, row)?.access;
  }

  /** The ID token of the session that ended, to end the provider's too. */
  async close(tx: Tx, handle: string): Promise<{ subject: string; idToken: string | undefined } | undefined> {
    const [rows] = await tx.query<[SessionRow[], number]>(
      'delete from session where id_hash = $1 returning subject, tokens',
      [hash(handle)],
    );
    const row = rows[0];
    if (row === undefined) return undefined;
    return { subject: row.subject, idToken: this.tokens(handle, row)?.id };
  }

  private async renew(tx: Tx, handle: string): Promise<User | undefined> {
    // One of many requests renews; the others wait here and find it done.
    const row = await this.row(tx, handle, 'for update');
    if (row === undefined || row.fresh) return row && toUser(row);
    const old = this.tokens(handle, row);
    const renewed = old === undefined ? undefined : await this.provider.refresh(old);
    const verified = renewed === undefined ? undefined : await this.verifier.verify(renewed.access);
    if (verified?.kind === 'unavailable') throw new Error('the identity provider cannot be reached');
    if (renewed === undefined || verified?.kind !== 'user') {
      await tx.query('delete from session where id_hash = $1', [hash(handle)]);
      return undefined;
    }
    const { user } = verified;
    await tx.query('update session set roles = $2, tokens = $3, access_until = $4 where id_hash = $1', [
      hash(handle),
      user.roles,
      this.seal.close(hash(handle), renewed),
      new Date(renewed.accessUntil),
    ]);
    return toUser({ ...row, roles: [...user.roles] });
  }

  private tokens(handle: string, row: SessionRow): Tokens | undefined {
    return this.seal.open(hash(handle), row.tokens) as Tokens | undefined;
  }

  private async row(db: Pick<Tx, 'query'>, handle: string, lock = ''): Promise<SessionRow | undefined> {
    const [row] = await db.query<SessionRow[]>(
      `select subject, name, roles, tokens, access_until > now() + interval '30 seconds' as fresh
       from session where id_hash = $1 and ends_at > now() ${lock}`,
      [hash(handle)],
    );
    return row;
  }
}

function hash(handle: string): string {
  return createHash('sha256').update(handle).digest('hex');
}

function toUser({ subject, name, roles }: SessionRow): User {
  return {
    subject,
    ...(name === null ? {} : { name }),
    roles: roles.flatMap((role) => roleSchema.safeParse(role).data ?? []),
  };
}
