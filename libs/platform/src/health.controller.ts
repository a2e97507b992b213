import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { OpenRoute } from './doors.ts';
import { renderMetrics } from './metrics.ts';
import { Readiness } from './readiness.ts';

@Controller()
export class HealthController {
  constructor(@Inject(Readiness) private readonly readiness: Readiness) {}

  @Get('health/live')
  @OpenRoute()
  live(): { status: 'live' } {
    return { status: 'live' };
  }

  @Get('health/ready')
  @OpenRoute()
  async ready(@Res() reply: FastifyReply): Promise<void> {
    const { ready, ...parts } = await this.readiness.ask();
    await reply.status(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not-ready', ...parts });
  }

  @Get('metrics')
  @OpenRoute()
  async metrics(@Res() reply: FastifyReply): Promise<void> {
    const { contentType, text } = await renderMetrics();
    await reply.header('content-type', contentType).send(text);
  }
}
