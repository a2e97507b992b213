import { createHash } from 'node:crypto';

/** Hex sha256 of a text, as pure libs are given it. */
export const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
