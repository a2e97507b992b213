import { describe, expect, it } from '@jest/globals';
import { continueTrace } from './traceparent.ts';

const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

describe('a trace', () => {
  it('keeps its id and gets a new span at every step', () => {
    const next = continueTrace(trace);
    expect(next).toMatch(/^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01$/);
    expect(next).not.toBe(trace);
  });

  it.each([undefined, '', 'garbage', '00-xyz-00f067aa0ba902b7-01'])('begins anew where the parent is %j', (parent) => {
    expect(continueTrace(parent)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });
});
