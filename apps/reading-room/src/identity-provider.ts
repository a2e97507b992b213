import * as oidc from 'openid-client';

/** Tokens of one signed-in person. `accessUntil`: when the access token ends, milliseconds since 1970. */
export interface Tokens {
  access: string;
  accessUntil: number;
  refresh?: string;
  id?: string;
  /** What the person is called, as the ID token says. */
  name?: string;
}

export interface SignInAttempt {
  state: string;
  nonce: string;
  verifier: string;
}

export interface IdentityProviderOptions {
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** Where this app is for a browser, without a slash at the end. */
  publicUrl: string;
}

/** Authorization code with PKCE (RFC 7636) at the site's OpenID provider; found when first needed, and again after it was away. */
export class IdentityProvider {
  private found: Promise<oidc.Configuration> | undefined;

  constructor(private readonly options: IdentityProviderOptions) {}

  /** Where to send a browser to sign in. `again`: ask even who is signed in there already. */
  async begin(again: boolean): Promise<{ attempt: SignInAttempt; location: URL }> {
    const provider = await this.provider();
    const attempt = { state: oidc.randomState(), nonce: oidc.randomNonce(), verifier: oidc.randomPKCECodeVerifier() };
    const location = oidc.buildAuthorizationUrl(provider, {
      redirect_uri: `${this.options.publicUrl}/auth/callback`,
      scope: 'openid profile',
      state: attempt.state,
      nonce: attempt.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(attempt.verifier),
      code_challenge_method: 'S256',
      ...(again ? { prompt: 'login' } : {}),
    });
    return { attempt, location };
  }

  /** `callback`: path and query the browser came back to. Throws where the answer is not the one to this attempt. */
  async finish(callback: string, attempt: SignInAttempt): Promise<Tokens> {
    const answer = await oidc.authorizationCodeGrant(await this.provider(), new URL(callback, this.options.publicUrl), {
      expectedState: attempt.state,
      expectedNonce: attempt.nonce,
      pkceCodeVerifier: attempt.verifier,
      idTokenExpected: true,
    });
    return tokens(answer);
  }

  /** New tokens, or undefined where the provider gives no more. Throws where it cannot be asked. */
  async refresh(old: Tokens): Promise<Tokens | undefined> {
    if (old.refresh === undefined) return undefined;
    try {
      return { ...old, ...tokens(await oidc.refreshTokenGrant(await this.provider(), old.refresh)) };
    } catch (error) {
      if (error instanceof oidc.ResponseBodyError) return undefined;
      throw error;
    }
  }

  /** Where to send a browser to end its session at the provider too. */
  async end(idToken: string | undefined): Promise<string> {
    const home = `${this.options.publicUrl}/`;
    const provider = await this.provider();
    if (provider.serverMetadata().end_session_endpoint === undefined) return home;
    return oidc.buildEndSessionUrl(provider, {
      post_logout_redirect_uri: home,
      ...(idToken === undefined ? {} : { id_token_hint: idToken }),
    }).href;
  }

  private async provider(): Promise<oidc.Configuration> {
    this.found ??= this.discover();
    try {
      return await this.found;
    } catch (error) {
      this.found = undefined;
      throw error;
    }
  }

  private discover(): Promise<oidc.Configuration> {
    const { issuer, clientId, clientSecret } = this.options;
    const server = new URL(issuer);
    // Plain HTTP only where the site itself configured such an issuer: the sandbox.
    const execute = server.protocol === 'http:' ? [oidc.allowInsecureRequests] : [];
    return oidc.discovery(server, clientId, undefined, oidc.ClientSecretBasic(clientSecret), { execute, timeout: 5 });
  }
}

function tokens(answer: oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers): Tokens {
  const name = answer.claims()?.['name'];
  return {
    ...(typeof name === 'string' ? { name } : {}),
    access: answer.access_token,
    accessUntil: Date.now() + (answer.expiresIn() ?? 300) * 1_000,
    ...(answer.refresh_token === undefined ? {} : { refresh: answer.refresh_token }),
    ...(answer.id_token === undefined ? {} : { id: answer.id_token }),
  };
}
