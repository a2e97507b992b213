import type { CookieSerializeOptions } from '@fastify/cookie';

export interface CookieNames {
  session: string;
  attempt: string;
  options: CookieSerializeOptions;
}

/** Over HTTPS cookies are Secure and bound to this host by their name's prefix (RFC 6265bis 4.1.3.2). */
export function cookiesFor(publicUrl: string): CookieNames {
  const secure = publicUrl.startsWith('https:');
  const prefix = secure ? '__Host-' : '';
  return {
    session: `${prefix}sightline_session`,
    attempt: `${prefix}sightline_sign_in`,
    options: { httpOnly: true, sameSite: 'lax', secure, path: '/' },
  };
}
