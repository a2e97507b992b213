/** What jest's `--json` report says, as far as it is used here. */
export interface JestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  /** Files that broke before a test of theirs ran. */
  numRuntimeErrorTestSuites: number;
  testResults: { name: string; assertionResults: { status: string; fullName: string }[] }[];
}

/** Tests counted over all steps. A step that could not run its tests counts as one failure. */
export interface Totals {
  passed: number;
  failed: number;
  /** Full names of tests that did not run; a name says what was wanting. */
  skipped: string[];
}

export const nothing: Totals = { passed: 0, failed: 0, skipped: [] };

export function add(a: Totals, b: Totals): Totals {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: [...a.skipped, ...b.skipped] };
}

export function totalsOf(report: JestReport): Totals {
  const skipped = report.testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => ['pending', 'todo', 'skipped', 'disabled'].includes(status)),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + report.numRuntimeErrorTestSuites,
    skipped: skipped.map(({ fullName }) => fullName),
  };
}

/** The last line of a run. */
export function closingLine({ passed, failed, skipped }: Totals): string {
  const rest = skipped.length > 0 ? `, ${skipped.length} skipped` : '';
  return `${passed} passed, ${failed} failed${rest}`;
}

/** 0 only where everything ran and passed; where a run is the judge (`strict`), a test that did not run is a failure. */
export function exitCode({ passed, failed, skipped }: Totals, strict: boolean): 0 | 1 {
  if (failed > 0 || passed === 0) return 1;
  return strict && skipped.length > 0 ? 1 : 0;
}
