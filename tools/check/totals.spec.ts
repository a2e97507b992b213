import { describe, expect, it } from '@jest/globals';
import { add, closingLine, exitCode, nothing, totalsOf, type JestReport } from './totals.ts';

const report: JestReport = {
  numPassedTests: 3,
  numFailedTests: 1,
  numPendingTests: 1,
  numTodoTests: 0,
  numRuntimeErrorTestSuites: 1,
  testResults: [
    {
      name: 'a.spec.ts',
      assertionResults: [
        { status: 'passed', fullName: 'keeps the first' },
        { status: 'pending', fullName: 'asks storescu (DCMTK is not installed)' },
      ],
    },
  ],
};

describe('totals', () => {
  it('counts a file that broke before its first test as a failure', () => {
    expect(totalsOf(report)).toEqual({ passed: 3, failed: 2, skipped: ['asks storescu (DCMTK is not installed)'] });
  });

  it('adds up over steps and closes with the plain line', () => {
    const sum = add(totalsOf(report), { passed: 4, failed: 0, skipped: [] });
    expect(closingLine(sum)).toBe('7 passed, 2 failed, 1 skipped');
    expect(closingLine({ passed: 7, failed: 0, skipped: [] })).toBe('7 passed, 0 failed');
  });

  it('fails a run that failed, and one that ran nothing', () => {
    expect(exitCode({ passed: 7, failed: 1, skipped: [] }, false)).toBe(1);
    expect(exitCode(nothing, false)).toBe(1);
    expect(exitCode({ passed: 7, failed: 0, skipped: [] }, true)).toBe(0);
  });

  it('lets a skip pass on a desk and fails it where the run is the judge', () => {
    const skipped = { passed: 7, failed: 0, skipped: ['x'] };
    expect(exitCode(skipped, false)).toBe(0);
    expect(exitCode(skipped, true)).toBe(1);
  });
});
