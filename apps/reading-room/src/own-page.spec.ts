import { expect, it } from '@jest/globals';
import { isOwnPage } from './own-page.ts';

const here = 'https://room.example.org';

it.each<[string, Record<string, string>, boolean]>([
  ['its own page', { 'sec-fetch-site': 'same-origin', origin: here }, true],
  ['its own page in a browser that sends no Sec-Fetch-Site', { origin: here }, true],
  ['another site', { 'sec-fetch-site': 'cross-site', origin: 'https://elsewhere.example' }, false],
  ['another host of the same site', { 'sec-fetch-site': 'same-site', origin: 'https://other.example.org' }, false],
  ['a link that a person typed', { 'sec-fetch-site': 'none' }, false],
  ['another site in a browser that sends no Sec-Fetch-Site', { origin: 'https://elsewhere.example' }, false],
  ['who says nothing of where it comes from', {}, false],
])('tells whether a request comes from a page of this app: %s', (_who, headers, isOwn) => {
  expect(isOwnPage({ headers }, `${here}/`)).toBe(isOwn);
});
