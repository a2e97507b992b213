import { describe, expect, it } from '@jest/globals';
import { Readiness } from './readiness.ts';

describe('readiness', () => {
  it('names each part that is not ready and why, and comes back with it', async () => {
    const readiness = new Readiness();
    let up = false;
    readiness.add('database', async () => undefined);
    readiness.add('broker', async () => {
      if (!up) throw new Error('no word');
    });
    expect(await readiness.ask()).toEqual({ ready: false, failing: { broker: 'no word' }, remarks: {} });
    up = true;
    expect(await readiness.ask()).toEqual({ ready: true, failing: {}, remarks: {} });
  });

  it('is not lost by what is wrong with a part that is ready, which is said', async () => {
    const readiness = new Readiness();
    readiness.add('models', async () => 'one of two is refused');
    readiness.add('database', async () => undefined);
    expect(await readiness.ask()).toEqual({ ready: true, failing: {}, remarks: { models: 'one of two is refused' } });
  });

  it('does not wait for a part that never answers', async () => {
    const readiness = new Readiness(20);
    readiness.add('peer', () => new Promise(() => undefined));
    expect(await readiness.ask()).toMatchObject({ ready: false, failing: { peer: 'no answer within 20 ms' } });
  });
});
