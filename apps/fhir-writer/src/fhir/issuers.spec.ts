import { describe, expect, it } from '@jest/globals';
import { Issuers } from './issuers.ts';

const table = [
  { issuer: 'NORTH', callingAeTitle: 'CT1', system: 'urn:north:ct' },
  { issuer: 'NORTH', system: 'urn:north' },
  { callingAeTitle: 'MOBILE', system: 'urn:mobile' },
];

describe('whose patient ids the images carry', () => {
  const issuers = new Issuers({ fallback: 'urn:own', table });

  it.each([
    ['NORTH', 'CT1', 'urn:north:ct'],
    ['NORTH', 'MR1', 'urn:north'],
    ['NORTH', undefined, 'urn:north'],
    [undefined, 'MOBILE', 'urn:mobile'],
    [undefined, 'CT1', 'urn:own'],
    [undefined, undefined, 'urn:own'],
    ['SOUTH', 'MOBILE', undefined],
  ])('issuer %s from %s: %s', (issuer, callingAeTitle, system) => {
    expect(issuers.systemOf(issuer, callingAeTitle)).toBe(system);
  });

  it('an issuer nobody mapped has a system of its own only in the sandbox', () => {
    expect(new Issuers({ table: [], fallback: 'urn:own', unmappedGetOwn: true }).systemOf('S 1', undefined)).toBe(
      'urn:own/S%201',
    );
  });
});
