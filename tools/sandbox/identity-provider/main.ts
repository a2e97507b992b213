import { timingSafeEqual, createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import Provider, { type AccountClaims, type Configuration } from 'oidc-provider';
import { isRole, NAMES, ROLES, Settings } from './settings.ts';
import { signInPage } from './sign-in-page.ts';

// The sandbox's OpenID provider as a process of its own: settings file in, tokens out. RFC 9068 access tokens for one
// audience; people sign in with authorization code and PKCE, machines with client credentials.

const settingsFile = process.argv[2];
if (settingsFile === undefined) {
  throw new Error('the settings file is the one argument');
}
const settings = Settings.parse(JSON.parse(readFileSync(settingsFile, 'utf8')));

/** The one protected resource: every door of the mesh and the FHIR server. */
const RESOURCE = 'urn:sightline:api';
const SYSTEM_SCOPES = ['system/*.cruds', 'system/*.rs'];

const configuration: Configuration = {
  clients: [
    {
      client_id: settings.readingRoom.clientId,
      client_secret: settings.readingRoom.clientSecret,
      client_name: 'Sightline reading room',
      redirect_uris: settings.readingRoom.redirectUris,
      post_logout_redirect_uris: settings.readingRoom.redirectUris.map((uri) => `${new URL(uri).origin}/`),
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_basic',
      id_token_signed_response_alg: 'RS256',
    },
    {
      client_id: settings.fhirWriter.clientId,
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES384',
      jwks: { keys: [settings.fhirWriter.publicKey] },
      scope: SYSTEM_SCOPES.join(' '),
    },
    ...ROLES.map((role) => ({
      client_id: `sandbox-${role}`,
      client_secret: settings.roleClientSecret,
      grant_types: ['client_credentials'],
      response_types: [] as [],
      redirect_uris: [],
      token_endpoint_auth_method: 'client_secret_post' as const,
    })),
  ],
  jwks: { keys: settings.signingKeys },
  cookies: { keys: settings.cookieKeys },
  scopes: ['openid', 'profile', 'offline_access', ...SYSTEM_SCOPES],
  claims: { openid: ['sub', 'roles'], profile: ['name'] },
  // Roles ride in the ID token too, so that a page knows them without a second call.
  conformIdTokenClaims: false,
  enabledJWA: { clientAuthSigningAlgValues: ['RS256', 'ES256', 'ES384'] },
  pkce: { required: () => true },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    revocation: { enabled: true },
    rpInitiatedLogout: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => RESOURCE,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: ['openid', 'profile', 'offline_access', ...SYSTEM_SCOPES].join(' '),
        audience: settings.audience,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
  ttl: {
    AccessToken: 15 * 60,
    ClientCredentials: 60 * 60,
    RefreshToken: 12 * 60 * 60,
    Session: 12 * 60 * 60,
    Grant: 12 * 60 * 60,
    Interaction: 600,
    IdToken: 15 * 60,
  },
  issueRefreshToken: async (_context, client) => client.grantTypeAllowed('refresh_token'),
  extraTokenClaims: (_context, token) => {
    if (token.kind === 'AccessToken') {
      return isRole(token.accountId) ? { roles: [token.accountId] } : undefined;
    }
    const role = token.clientId?.replace(/^sandbox-/, '') ?? '';
    return token.clientId !== role && isRole(role) ? { roles: [role] } : undefined;
  },
  findAccount: (_context, id) =>
    isRole(id)
      ? { accountId: id, claims: (): AccountClaims => ({ sub: id, name: NAMES[id], roles: [id] }) }
      : undefined,
  interactions: { url: (_context, interaction) => `/sign-in/${interaction.uid}` },
  // The one client that people sign in to is our own: there is nothing to consent to.
  loadExistingGrant: async (context) => {
    const { client, session } = context.oidc;
    if (client === undefined || session?.accountId === undefined) {
      return undefined;
    }
    const known = session.grantIdFor(client.clientId);
    const existing = known === undefined ? undefined : await context.oidc.provider.Grant.find(known);
    const grant =
      existing ?? new context.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope('openid profile offline_access');
    grant.addOIDCClaims(['sub', 'roles', 'name']);
    grant.addResourceScope(RESOURCE, 'openid profile offline_access');
    await grant.save();
    return grant;
  },
  renderError: (context, out) => {
    context.type = 'text';
    context.body = `${out.error}: ${out.error_description ?? ''}\n`;
  },
};

const provider = new Provider(settings.issuer, configuration);
const standard = provider.callback();

const server = createServer((request, response) => {
  const path = request.url?.split('?')[0] ?? '/';
  if (path === '/health/ready' || path === '/health/live') {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"ok"}');
  } else if (/^\/sign-in\/[\w-]+$/.test(path)) {
    signIn(request, response, path).catch(() => {
      if (!response.headersSent) {
        response
          .writeHead(400, { 'content-type': 'text/plain' })
          .end('This sign-in has ended. Go back and begin again.\n');
      }
    });
  } else {
    void standard(request, response);
  }
});
server.listen(settings.port, '127.0.0.1');
process.once('SIGTERM', () => process.exit(0));

async function signIn(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
  // Throws when the cookie of this very sign-in is missing: the form cannot be posted from another site.
  await provider.interactionDetails(request, response);
  const form = request.method === 'POST' ? await readForm(request) : undefined;
  const name = form?.get('username') ?? '';
  if (form !== undefined && isRole(name) && same(form.get('password') ?? '', settings.password)) {
    await provider.interactionFinished(request, response, { login: { accountId: name } });
    return;
  }
  response
    .writeHead(form === undefined ? 200 : 401, {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy':
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
      'referrer-policy': 'no-referrer',
    })
    .end(signInPage({ action: path, wrong: form !== undefined, name }));
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  let body = '';
  for await (const chunk of request) {
    body += String(chunk);
    if (body.length > 10_000) {
      throw new Error('form too large');
    }
  }
  return new URLSearchParams(body);
}

function same(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
