import { HttpException } from '@nestjs/common';
import { describeIssues } from '@sightline/platform';
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
  throw problem(400, describeIssues(parsed.error.issues));
}
