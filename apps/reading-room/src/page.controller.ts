import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { OpenRoute, type SessionReader, SESSION_READER } from '@sightline/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PAGE } from './injection-tokens.ts';

/** The page itself, for people: who has no session is sent to sign in and comes back to where they wanted to go. */
@Controller()
@OpenRoute()
export class PageController {
  constructor(
    @Inject(SESSION_READER) private readonly session: SessionReader,
    @Inject(PAGE) private readonly page: string,
  ) {}

  @Get()
  async home(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.show(request, reply);
  }

  @Get('studies/:uid')
  async study(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.show(request, reply);
  }

  private async show(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    reply.header('cache-control', 'no-store');
    const [path = '/'] = request.url.split('?');
    if ((await this.session(request)) === undefined)
      await reply.redirect(`/auth/login?returnTo=${encodeURIComponent(path)}`, 302);
    else await reply.header('content-type', 'text/html; charset=utf-8').send(this.page);
  }
}
