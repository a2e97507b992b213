import { describe, expect, it } from '@jest/globals';
import { isImageSopClass, isStorageSopClass, sopClassName } from './sop-class.ts';

describe('a storage SOP class', () => {
  it.each([
    ['1.2.840.10008.5.1.4.1.1.2', 'CT Image Storage'],
    ['1.2.840.10008.5.1.4.1.1.2.1', 'Enhanced CT Image Storage'],
    ['1.2.840.10008.5.1.4.1.1.2.2', 'Legacy Converted Enhanced CT Image Storage'],
    ['1.2.840.10008.5.1.4.1.1.77.1.5.1', 'Ophthalmic Photography 8 Bit Image Storage'],
    ['1.2.840.10008.5.1.4.1.1.77.1.5.4', 'Ophthalmic Tomography Image Storage'],
  ])('%s, %s, is taken and is pictures', (uid, name) => {
    expect(sopClassName(uid)).toBe(name);
    expect([isStorageSopClass(uid), isImageSopClass(uid)]).toEqual([true, true]);
  });

  it.each([
    ['1.2.840.10008.5.1.4.1.1.77.1.5.8', 'Ophthalmic Optical Coherence Tomography B-scan Volume Analysis Storage'],
    ['1.2.840.10008.5.1.4.1.1.81.1', 'Ophthalmic Thickness Map Storage'],
    ['1.2.840.10008.5.1.4.1.1.88.67', 'X-Ray Radiation Dose SR Storage'],
  ])('%s, %s, is taken and is none', (uid, name) => {
    expect(sopClassName(uid)).toBe(name);
    expect([isStorageSopClass(uid), isImageSopClass(uid)]).toEqual([true, false]);
  });

  it('is not what is none', () => {
    expect(isStorageSopClass('1.2.840.10008.1.1')).toBe(false);
  });
});
