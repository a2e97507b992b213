import { randomUUID } from 'node:crypto';
import { importJWK, SignJWT } from 'jose';
import { z } from 'zod';
import { algorithmOf, readKeys } from './client-keys.ts';

const answerSchema = z.object({ access_token: z.string().min(1), expires_in: z.number().positive().default(300) });

export interface TokenOptions {
  tokenUrl: string;
  clientId: string;
  /** Private JWK, or a JWK set whose first key signs: ES384 or RS384. */
  keyFile: string;
  /** Space-separated, as the server is to grant them. */
  scope: string;
}

/** A new token this long before the old one ends, so that none expires on its way. */
const marginMs = 30_000;

/** The token endpoint did not give a token; `message` quotes its error code and nothing it was sent. */
export class NoToken extends Error {
  override readonly name = 'NoToken';
}

/**
 * Access tokens by SMART Backend Services (SMART App Launch 2.x, client_credentials with private_key_jwt). One is kept
 * until shortly before it ends; those who ask at once share one request.
 */
export class BackendToken {
  private held: { token: string; until: number } | undefined;
  private asking: Promise<string> | undefined;

  constructor(
    private readonly options: TokenOptions,
    private readonly now: () => number = Date.now,
  ) {}

  async get(signal: AbortSignal): Promise<string> {
    if (this.held !== undefined && this.now() < this.held.until) return this.held.token;
    this.asking ??= this.ask(signal).finally(() => (this.asking = undefined));
    return this.asking;
  }

  /** Forgets a token that was refused, unless a newer one is held already. */
  refused(token: string): void {
    if (this.held?.token === token) this.held = undefined;
  }

  private async ask(signal: AbortSignal): Promise<string> {
    const response = await fetch(this.options.tokenUrl, {
      method: 'POST',
      headers: { accept: 'application/json' },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        scope: this.options.scope,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: await this.assertion(),
      }),
      redirect: 'manual',
      signal,
    });
    const body: unknown = await response.json().catch(() => undefined);
    const answer = answerSchema.safeParse(body);
    if (!response.ok || !answer.success)
      throw new NoToken(`token endpoint answered ${response.status} ${errorCode(body)}`);
    const { access_token: token, expires_in: seconds } = answer.data;
    this.held = { token, until: this.now() + Math.max(seconds * 1000 - marginMs, 0) };
    return token;
  }

  /** Read anew each time: a rotated key is used without a restart. */
  private async assertion(): Promise<string> {
    const [jwk] = await readKeys(this.options.keyFile);
    return new SignJWT()
      .setProtectedHeader({ alg: algorithmOf(jwk), typ: 'JWT', ...(jwk.kid === undefined ? {} : { kid: jwk.kid }) })
      .setIssuer(this.options.clientId)
      .setSubject(this.options.clientId)
      .setAudience(this.options.tokenUrl)
      .setJti(randomUUID())
      .setIssuedAt()
      .setExpirationTime('4m')
      .sign(await importJWK(jwk, algorithmOf(jwk)));
  }
}

function errorCode(body: unknown): string {
  const parsed = z.object({ error: z.string().regex(/^[a-z_]+$/) }).safeParse(body);
  return parsed.success ? parsed.data.error : 'without an error code';
}
