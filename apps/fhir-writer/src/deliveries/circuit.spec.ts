import { describe, expect, it } from '@jest/globals';
import { Circuit } from './circuit.ts';

function circuitAfter(failures: number): { circuit: Circuit; wait: (ms: number) => void } {
  let now = 0;
  const circuit = new Circuit(() => now);
  for (let n = 0; n < failures; n++) circuit.failed();
  return { circuit, wait: (ms) => (now += ms) };
}

describe('a destination that keeps being unavailable', () => {
  it('is tried as before up to four failures in a row', () => {
    expect(circuitAfter(4).circuit.allows(8)).toBe(8);
  });

  it('is left in peace after the fifth, then tried once', () => {
    const { circuit, wait } = circuitAfter(5);
    expect(circuit.allows(8)).toBe(0);
    wait(5_000);
    expect(circuit.allows(8)).toBe(1);
  });

  it('is left alone twice as long after each try that fails, and never longer than a minute', () => {
    const { circuit, wait } = circuitAfter(6);
    wait(9_999);
    expect(circuit.allows(8)).toBe(0);
    wait(1);
    expect(circuit.allows(8)).toBe(1);
    for (let n = 0; n < 20; n++) circuit.failed();
    wait(60_000);
    expect(circuit.allows(8)).toBe(1);
  });

  it('is as good as new once a try succeeds', () => {
    const { circuit } = circuitAfter(9);
    circuit.succeeded();
    expect(circuit.allows(8)).toBe(8);
    for (let n = 0; n < 4; n++) circuit.failed();
    expect(circuit.allows(8)).toBe(8);
  });
});
