import { describe, expect, it } from '@jest/globals';
import { parseCommand } from './parse-command.ts';

describe('parseCommand', () => {
  it('reads a decision', () => {
    const line = ['promote', 'reader@1.2.3', '--reason', ' weeks as a shadow ', '--dry-run', '--expect', '7'];
    expect(parseCommand(line)).toEqual({
      kind: 'decide',
      decision: 'promote',
      name: 'reader',
      version: '1.2.3',
      reason: 'weeks as a shadow',
      dryRun: true,
      expectedRevision: 7,
      json: false,
      url: undefined,
    });
  });

  it('rolls back whatever is primary, or the version that is named', () => {
    expect(parseCommand(['rollback', 'reader', '--reason', 'x'])).toMatchObject({ name: 'reader' });
    expect(parseCommand(['rollback', 'reader@2.0.0', '--reason', 'x'])).toMatchObject({ version: '2.0.0' });
  });

  it('reads status, of one model or of all', () => {
    expect(parseCommand(['status', '--json'])).toMatchObject({ kind: 'status', name: undefined, json: true });
    expect(parseCommand(['status', 'reader'])).toMatchObject({ kind: 'status', name: 'reader' });
  });

  it.each([
    [[], 'no command'],
    [['demote', 'reader@1.0.0'], 'no command demote'],
    [['promote'], 'promote what? NAME@VERSION'],
    [['promote', 'reader'], 'promote which version? NAME@VERSION'],
    [['retire', 'Reader@1'], 'retire what? NAME@VERSION'],
    [['promote', 'reader@1.0.0'], 'say why: --reason "…"; it goes into the audit trail'],
    [['promote', 'reader@1.0.0', 'now', '--reason', 'x'], 'what is now?'],
    [['promote', 'reader@1.0.0', '--reason', 'x', '--expect', 'y'], '--expect must be a revision'],
  ])('%j: one line says what is wrong', (args, line) => {
    expect(parseCommand(args)).toEqual({ kind: 'malformed', line });
  });

  it('refuses an option it does not know', () => {
    expect(parseCommand(['status', '--force'])).toMatchObject({ kind: 'malformed' });
  });
});
