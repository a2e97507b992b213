/** Injection tokens for what is not a class. */
export const COOKIES = Symbol('CookieNames');
export const PUBLIC_URL = Symbol('PublicUrl');
export const PAGE = Symbol('Page');
