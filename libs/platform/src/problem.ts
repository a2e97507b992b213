import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';

/** Makes every refusal an RFC 9457 problem, that of the guard at the door included. */
@Catch(HttpException)
export class ProblemFilter implements ExceptionFilter<HttpException> {
  async catch(refusal: HttpException, host: ArgumentsHost): Promise<void> {
    const status = refusal.getStatus();
    const said = refusal.getResponse();
    const body = typeof said === 'object' && 'title' in said ? said : { title: refusal.message, status };
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    await reply.status(status).header('content-type', 'application/problem+json').send(body);
  }
}

/** Everything that is wrong with what was asked, in one line. */
export function describeIssues(issues: readonly z.core.$ZodIssue[]): string {
  return issues.map(({ path, message }) => [...path.map(String), message].join(': ')).join('; ');
}
