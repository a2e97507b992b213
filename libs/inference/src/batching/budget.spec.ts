import { describe, expect, it } from '@jest/globals';
import { Budget } from './budget.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('a budget', () => {
  it('lets in what fits and makes the rest wait, in the order it came', async () => {
    const budget = new Budget(10);
    const giveBack = await budget.take(8);
    const admitted: string[] = [];
    void budget.take(6).then(() => admitted.push('large'));
    void budget.take(1).then(() => admitted.push('small'));
    await turn();
    expect(admitted).toEqual([]);
    giveBack();
    await turn();
    expect(admitted).toEqual(['large', 'small']);
  });

  it('lets through alone what is larger than all of it', async () => {
    const budget = new Budget(10);
    const giveBack = await budget.take(1);
    let through = false;
    void budget.take(100).then(() => (through = true));
    await turn();
    expect(through).toBe(false);
    giveBack();
    await turn();
    expect(through).toBe(true);
  });

  it('forgets who gave up waiting, and lets the next one in', async () => {
    const budget = new Budget(10);
    await budget.take(5);
    const stop = new AbortController();
    const impatient = budget.take(9, stop.signal);
    const patient = budget.take(5);
    stop.abort(new Error('no longer wanted'));
    await expect(impatient).rejects.toThrow('no longer wanted');
    await patient;
  });

  it('counts what is given back once', async () => {
    const budget = new Budget(1);
    const giveBack = await budget.take(1);
    giveBack();
    giveBack();
    await budget.take(1);
    let through = false;
    void budget.take(1).then(() => (through = true));
    await turn();
    expect(through).toBe(false);
  });
});
