import { describe, expect, it } from '@jest/globals';
import { parseCommand } from './parse-command.ts';

const good = ['chest@1.0.0', '--from', '2026-02-03', '--to', '2026-02-03', '--reason', ' wrong threshold '];

describe('a recall', () => {
  it('of one day is from its midnight until before the next, in UTC', () => {
    expect(parseCommand(good)).toEqual({
      kind: 'command',
      command: {
        name: 'chest',
        version: '1.0.0',
        from: '2026-02-03T00:00:00.000Z',
        to: '2026-02-04T00:00:00.000Z',
        reason: 'wrong threshold',
        dryRun: false,
        json: false,
        url: undefined,
      },
    });
  });

  it('between instants is between these', () => {
    const line = ['chest@1.0.0', '--from', '2026-02-03T04:00:00+01:00', '--to', '2026-02-03T05:00:00Z', '--dry-run'];
    expect(parseCommand(line)).toMatchObject({
      command: { from: '2026-02-03T03:00:00.000Z', to: '2026-02-03T05:00:00.000Z', dryRun: true, reason: '' },
    });
  });

  it.each([
    [['chest'], /which version/],
    [['chest@1'], /which version/],
    [['chest@1.0.0'], /since when/],
    [['chest@1.0.0', '--from', 'yesterday'], /since when/],
    [['chest@1.0.0', '--from', '2026-02-03T04:00:00', '--to', '2026-02-04'], /since when/],
    [['chest@1.0.0', '--from', '2026-02-03'], /until when/],
    [['chest@1.0.0', '--from', '2026-02-05', '--to', '2026-02-03'], /before/],
    [['chest@1.0.0', '--from', '2026-02-03', '--to', '2026-02-03'], /why/],
    [[...good, 'more'], /what is more/],
    [[...good, '--now'], /--now/],
  ])('%j is not understood', (line, why) => {
    expect(parseCommand(line)).toEqual({ kind: 'malformed', line: expect.stringMatching(why) });
  });
});
