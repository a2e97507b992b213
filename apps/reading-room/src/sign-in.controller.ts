import { randomUUID } from 'node:crypto';
import { Controller, ForbiddenException, Get, Inject, Post, Query, Req, Res } from '@nestjs/common';
import { Outbox } from '@sightline/messaging';
import { DataSource, inTransaction, type Tx } from '@sightline/persistence';
import { describeError, Logger, OpenRoute, TokenVerifier } from '@sightline/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type CookieNames } from './cookies.ts';
import { IdentityProvider, type Tokens } from './identity-provider.ts';
import { authentication } from './note-access.ts';
import { isOwnPage } from './own-page.ts';
import { plainPage } from './plain-page.ts';
import { Seal } from './seal.ts';
import { Sessions } from './sessions.ts';
import { COOKIES, PUBLIC_URL } from './injection-tokens.ts';

const attemptSchema = z.object({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  returnTo: z.string(),
  until: z.number(),
});

const attemptMs = 10 * 60_000;
const html = 'text/html; charset=utf-8';

/** Signing in and out at the site's OpenID provider. These doors are open: they are how one gets a session. */
@Controller('auth')
@OpenRoute()
export class SignInController {
  constructor(
    @Inject(IdentityProvider) private readonly provider: IdentityProvider,
    @Inject(Sessions) private readonly sessions: Sessions,
    @Inject(TokenVerifier) private readonly verifier: TokenVerifier,
    @Inject(Seal) private readonly seal: Seal,
    @Inject(COOKIES) private readonly cookies: CookieNames,
    @Inject(PUBLIC_URL) private readonly publicUrl: string,
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(Outbox) private readonly outbox: Outbox<Tx>,
    @Inject(Logger) private readonly log: Logger,
  ) {}

  @Get('login')
  async login(@Query() query: Record<string, unknown>, @Res() reply: FastifyReply): Promise<void> {
    try {
      const { attempt, location } = await this.provider.begin(query['again'] === 'yes');
      const sealed = this.seal.close('sign-in', {
        ...attempt,
        returnTo: ownPath(query['returnTo']),
        until: Date.now() + attemptMs,
      });
      await reply
        .setCookie(this.cookies.attempt, sealed, { ...this.cookies.options, maxAge: attemptMs / 1_000 })
        .header('cache-control', 'no-store')
        .redirect(location.href, 302);
    } catch (error) {
      this.log.warn('sign-in-not-begun', { error: describeError(error) });
      await this.sayAgain(
        reply,
        503,
        'Sign-in is not reachable',
        'The identity provider does not answer. Try again in a moment.',
      );
    }
  }

  @Get('callback')
  async callback(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    reply.header('cache-control', 'no-store').clearCookie(this.cookies.attempt, this.cookies.options);
    const attempt = attemptSchema.safeParse(this.seal.open('sign-in', request.cookies[this.cookies.attempt] ?? ''));
    if (!attempt.success || attempt.data.until < Date.now())
      return this.sayAgain(reply, 400, 'This sign-in has ended', 'It took too long or was begun in another window.');
    let tokens: Tokens;
    try {
      tokens = await this.provider.finish(request.url, attempt.data);
    } catch (error) {
      this.log.warn('sign-in-failed', { error: describeError(error) });
      return this.sayAgain(reply, 400, 'Sign-in did not succeed', 'The identity provider did not confirm who you are.');
    }
    return this.enter(reply, tokens, attempt.data.returnTo);
  }

  @Post('logout')
  async logout(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    if (!isOwnPage(request, this.publicUrl)) throw new ForbiddenException('sign out from the page itself');
    const handle = request.cookies[this.cookies.session] ?? '';
    const closed = await inTransaction(this.dataSource, async (tx) => {
      const session = await this.sessions.close(tx, handle);
      if (session !== undefined) await this.note(tx, 'signed-out', { subject: session.subject, roles: [] });
      return session;
    });
    const location = await this.provider.end(closed?.idToken).catch(() => `${this.publicUrl}/`);
    await reply
      .clearCookie(this.cookies.session, this.cookies.options)
      .header('cache-control', 'no-store')
      .send({ location });
  }

  private async enter(reply: FastifyReply, tokens: Tokens, returnTo: string): Promise<void> {
    const verified = await this.verifier.verify(tokens.access);
    if (verified.kind !== 'user')
      return this.sayAgain(
        reply,
        503,
        'Sign-in did not succeed',
        'The identity provider could not be asked who you are.',
      );
    const { user } = verified;
    if (!user.roles.some((role) => role === 'clinician' || role === 'radiologist')) {
      await inTransaction(this.dataSource, (tx) => this.note(tx, 'refused', user));
      const text =
        'The reading room opens to clinicians and radiologists. You are signed in, but your account has neither role.';
      const link = { href: '/auth/login?again=yes', label: 'Sign in as someone else' };
      await reply
        .status(403)
        .header('content-type', html)
        .send(plainPage('Your role does not open this room', text, link));
      return;
    }
    const handle = await inTransaction(this.dataSource, async (tx) => {
      await this.note(tx, 'signed-in', user);
      return this.sessions.open(tx, user, tokens);
    });
    await reply.setCookie(this.cookies.session, handle, this.cookies.options).redirect(returnTo, 302);
  }

  private async note(
    tx: Tx,
    ...[what, user]: [Parameters<typeof authentication>[0], Parameters<typeof authentication>[2]]
  ) {
    await this.outbox.add(tx, 'audit.recorded.v1', authentication(what, randomUUID(), user, new Date()));
  }

  private async sayAgain(reply: FastifyReply, status: number, title: string, text: string): Promise<void> {
    const page = plainPage(title, text, { href: '/auth/login', label: 'Sign in' });
    await reply.status(status).header('content-type', html).send(page);
  }
}

/** Back to a page of ours, never elsewhere. */
function ownPath(returnTo: unknown): string {
  return typeof returnTo === 'string' && /^\/(studies\/[\d.]{1,64})?$/.test(returnTo) ? returnTo : '/';
}
