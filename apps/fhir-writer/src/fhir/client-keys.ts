import { readFile } from 'node:fs/promises';
import type { JWK } from 'jose';
import { z } from 'zod';

const keySchema = z.looseObject({
  kty: z.enum(['EC', 'RSA']),
  kid: z.string().min(1).optional(),
  alg: z.string().optional(),
});
const fileSchema = z.union([z.object({ keys: z.array(keySchema).nonempty() }), keySchema]);

/** Private keys of this client, the one that signs first. A file with several is a rotation under way: all of them are published. */
export async function readKeys(file: string): Promise<[JWK, ...JWK[]]> {
  const parsed = fileSchema.safeParse(JSON.parse(await readFile(file, 'utf8')));
  if (!parsed.success) throw new Error('the client key file holds no JWK');
  const [first, ...rest] = 'keys' in parsed.data && Array.isArray(parsed.data.keys) ? parsed.data.keys : [parsed.data];
  return [first as JWK, ...(rest as JWK[])];
}

/** SMART App Launch 2.x asks servers for both of these and no other. */
export function algorithmOf({ kty }: JWK): 'ES384' | 'RS384' {
  return kty === 'RSA' ? 'RS384' : 'ES384';
}

/** What may be published of a private key (RFC 7517, RFC 7518 6.2 and 6.3). */
export function publicKey(jwk: JWK): JWK {
  const { kty, crv, x, y, n, e, kid } = jwk;
  const parts = Object.entries({ kty, crv, x, y, n, e, kid }).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(parts), use: 'sig', alg: algorithmOf(jwk) };
}
