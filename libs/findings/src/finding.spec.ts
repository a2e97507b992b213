import { describe, expect, it } from '@jest/globals';
import { measurementSchema } from './finding.ts';

describe('a measurement', () => {
  it.each([
    ['-0.0', 0],
    ['0', 0],
    ['-0.25', -0.25],
  ])('of %s is %d, which every encoding can say', (text, value) => {
    const said = `{"concept":{"system":"s","code":"c","display":"Shift"},"value":${text},"unit":{"code":"mm","display":"mm"}}`;
    expect(measurementSchema.parse(JSON.parse(said)).value).toBe(value);
  });
});
