import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { OperationOutcomeIssue, Resource } from '@medplum/fhirtypes';
import { createRemoteJWKSet, jwtVerify, type JWTPayload } from 'jose';

/** One request as a FHIR server looks at it. */
export interface Asked {
  readonly method: string;
  /** Below the base URL, without slash at the front: `Observation/7`; empty for the base itself. */
  readonly path: string;
  /** Of the URL, and of the form that a POST to `_search` carries. */
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Reply {
  readonly kind: 'reply';
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What a client gets, or is left with: nothing at all, a connection reset, or half of a body whose whole length was promised. */
export type Answer =
  | Reply
  | { readonly kind: 'hang' }
  | { readonly kind: 'reset' }
  | ({ readonly kind: 'cut' } & Omit<Reply, 'kind'>);

export interface FhirDoor {
  /** Without a slash at the end. */
  readonly baseUrl: string;
  stop(): Promise<void>;
}

/** Whose access tokens are believed, and for whom they are. */
export interface TokenRules {
  readonly issuer: string;
  readonly jwksUrl: string;
  readonly audience: string;
}

/**
 * Serves FHIR over HTTP behind bearer tokens of the sandbox's identity provider (RFC 9068): machines read and write by
 * `system/*` scopes, people with a role read. Open is only the CapabilityStatement.
 */
export async function serveFhir(rules: TokenRules, answer: (asked: Asked) => Promise<Answer>): Promise<FhirDoor> {
  const keys = createRemoteJWKSet(new URL(rules.jwksUrl));
  const refusalOf = async (asked: Asked): Promise<Reply | undefined> => {
    if (asked.method === 'GET' && asked.path === 'metadata') {
      return undefined;
    }
    const token = /^Bearer (\S+)$/i.exec(asked.headers.authorization ?? '')?.[1];
    if (token === undefined) {
      return unauthorized('Bearer realm="fhir"');
    }
    const { issuer, audience } = rules;
    const claims = await jwtVerify(token, keys, {
      issuer,
      audience,
      typ: 'at+jwt',
      algorithms: ['ES256', 'RS256'],
    }).then(
      ({ payload }) => payload,
      () => undefined,
    );
    if (claims === undefined) {
      return unauthorized('Bearer realm="fhir", error="invalid_token"');
    }
    return mayDo(claims, asked) ? undefined : outcome(403, 'forbidden', 'Not allowed for this token');
  };
  const server = createServer((request, response) => {
    void (async () => {
      const asked = await askedOf(request);
      send(response, (await refusalOf(asked)) ?? (await answer(asked)));
    })().catch((error: unknown) => send(response, outcome(500, 'exception', String(error))));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}${basePath}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const basePath = '/fhir';

export function reply(status: number, resource?: Resource, headers: Record<string, string> = {}): Reply {
  return {
    kind: 'reply',
    status,
    headers: { 'content-type': 'application/fhir+json; charset=utf-8', ...headers },
    ...(resource === undefined ? {} : { body: JSON.stringify(resource) }),
  };
}

/** A refusal as FHIR words it. */
export function outcome(status: number, code: OperationOutcomeIssue['code'], ...texts: string[]): Reply {
  return reply(status, {
    resourceType: 'OperationOutcome',
    issue: texts.map((text) => ({ severity: 'error', code, diagnostics: text })),
  });
}

function unauthorized(challenge: string): Reply {
  const refused = outcome(401, 'login', 'A valid access token is needed');
  return { ...refused, headers: { ...refused.headers, 'www-authenticate': challenge } };
}

function mayDo(claims: JWTPayload, { method, path }: Asked): boolean {
  const reads = method === 'GET' || (method === 'POST' && path.endsWith('/_search'));
  const roles = claims['roles'];
  if (reads && Array.isArray(roles) && roles.length > 0) {
    return true;
  }
  const scope = typeof claims['scope'] === 'string' ? claims['scope'] : '';
  const may = /(?:^| )system\/\*\.(c?r?u?d?s?)(?: |$)/.exec(scope)?.[1] ?? '';
  const needed = reads ? 'rs' : method === 'DELETE' ? 'd' : 'cu';
  return [...needed].every((letter) => may.includes(letter));
}

async function askedOf(request: IncomingMessage): Promise<Asked> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
  }
  const body = Buffer.concat(chunks).toString('utf8');
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const path = decodeURIComponent(pathname.slice(basePath.length)).replace(/^\//, '');
  if (request.method === 'POST' && path.endsWith('/_search')) {
    new URLSearchParams(body).forEach((value, name) => searchParams.append(name, value));
  }
  return { method: request.method ?? '', path, query: searchParams, headers: request.headers, body };
}

function send(response: ServerResponse, answer: Answer): void {
  switch (answer.kind) {
    case 'hang':
      return;
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'cut': {
      const body = answer.body ?? '';
      response.writeHead(answer.status, { ...answer.headers, 'content-length': String(Buffer.byteLength(body) + 1) });
      response.write(body, () => response.destroy());
      return;
    }
    case 'reply':
      response.writeHead(answer.status, answer.headers).end(answer.body);
  }
}
