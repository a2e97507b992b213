import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';

const titles = { 400: 'Not understood', 404: 'Not known', 409: 'Not possible now' } as const;

/** A refusal as RFC 9457 describes one; `detail` names no patient. */
export function problem(status: keyof typeof titles, detail: string): HttpException {
  return new HttpException({ title: titles[status], status, detail }, status);
}

/** What was asked, or a refusal that names everything that is wrong with it. */
export function understood<S extends z.ZodType>(schema: S, given: unknown): z.infer<S> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const complaints = parsed.error.issues.map(({ path, message }) => [...path.map(String), message].join(': '));
  throw problem(400, complaints.join('; '));
}

/** Makes every refusal a problem, that of the guard at the door included. */
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
