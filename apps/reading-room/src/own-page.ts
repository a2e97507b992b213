import type { FastifyRequest } from 'fastify';

/** True of a request by a page of this app. A form on another site cannot say so; browsers set both headers, pages cannot. */
export function isOwnPage({ headers }: Pick<FastifyRequest, 'headers'>, publicUrl: string): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  return headers.origin === new URL(publicUrl).origin;
}
