import { createRemoteJWKSet, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';

export const roleSchema = z.enum(['clinician', 'radiologist', 'compliance', 'operator']);
export type Role = z.infer<typeof roleSchema>;

/** Who is asking, as the identity provider vouches for. */
export interface User {
  subject: string;
  name?: string;
  roles: readonly Role[];
}

const claimsSchema = z.object({
  sub: z.string().min(1),
  name: z.string().optional(),
  roles: z.array(z.string()).default([]),
});

/** Signature algorithms that are accepted; none that share a secret. */
const algorithms = ['ES256', 'ES384', 'RS256', 'RS384', 'PS256'];

/** Verifies access tokens of one OpenID provider for one audience; keys are found by discovery and renewed by their ids. */
export class TokenVerifier {
  private keys: Promise<JWTVerifyGetKey> | undefined;

  constructor(
    private readonly issuer: string,
    private readonly audience: string,
    private readonly timeoutMs = 5_000,
  ) {}

  /** The user a token stands for, or why it is not accepted; `unavailable` when the provider cannot be asked. */
  async verify(token: string): Promise<{ kind: 'user'; user: User } | { kind: 'refused' } | { kind: 'unavailable' }> {
    let keys: JWTVerifyGetKey;
    try {
      keys = await (this.keys ??= this.discover());
    } catch {
      this.keys = undefined;
      return { kind: 'unavailable' };
    }
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer: this.issuer,
        audience: this.audience,
        algorithms,
        requiredClaims: ['exp'],
        clockTolerance: 5,
      });
      return { kind: 'user', user: toUser(payload) };
    } catch (error) {
      return { kind: isUnreachable(error) ? 'unavailable' : 'refused' };
    }
  }

  private async discover(): Promise<JWTVerifyGetKey> {
    const address = `${this.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const response = await fetch(address, { signal: AbortSignal.timeout(this.timeoutMs) });
    if (!response.ok) throw new Error(`discovery answered ${response.status}`);
    const { jwks_uri } = z.object({ jwks_uri: z.url() }).parse(await response.json());
    return createRemoteJWKSet(new URL(jwks_uri), { timeoutDuration: this.timeoutMs });
  }
}

function toUser(payload: unknown): User {
  const claims = claimsSchema.parse(payload);
  const roles = claims.roles.flatMap((role) => {
    const parsed = roleSchema.safeParse(role);
    return parsed.success ? [parsed.data] : [];
  });
  return { subject: claims.sub, ...(claims.name === undefined ? {} : { name: claims.name }), roles };
}

function isUnreachable(error: unknown): boolean {
  if (error instanceof TypeError) return true;
  return error instanceof Error && 'code' in error && error.code === 'ERR_JWKS_TIMEOUT';
}
