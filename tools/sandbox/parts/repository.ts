import { fileURLToPath } from 'node:url';

/** Where the working copy is, without a slash at the end. */
export const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');
