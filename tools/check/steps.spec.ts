import { describe, expect, it } from '@jest/globals';
import { specsOf, steps } from './steps.ts';

const specs = [
  'apps/fhir-writer/src/file-report.spec.ts',
  'libs/persistence/src/work-queue.integration.spec.ts',
  'test/contracts/golden-messages.spec.ts',
  'test/conformance/validator.integration.spec.ts',
  'test/e2e/chest-x-ray.integration.spec.ts',
  'test/failure/kill-worker.integration.spec.ts',
];

function runBy(name: string): string[] {
  return steps.flatMap((step) => (step.kind === 'tests' && step.name === name ? specsOf(step, specs) : []));
}

describe('steps', () => {
  it('runs every spec file in exactly one step', () => {
    const run = steps.flatMap((step) => (step.kind === 'tests' ? specsOf(step, specs) : []));
    expect(run.toSorted()).toEqual(specs.toSorted());
  });

  it('gives each file to the step its folder and name say', () => {
    expect(runBy('unit')).toEqual(['apps/fhir-writer/src/file-report.spec.ts']);
    expect(runBy('contracts')).toEqual(['test/contracts/golden-messages.spec.ts']);
    expect(runBy('integration')).toEqual(['libs/persistence/src/work-queue.integration.spec.ts']);
    expect(runBy('e2e')).toEqual([
      'test/e2e/chest-x-ray.integration.spec.ts',
      'test/failure/kill-worker.integration.spec.ts',
    ]);
    expect(runBy('conformance')).toEqual(['test/conformance/validator.integration.spec.ts']);
  });

  it('passes every gate before the first test', () => {
    const kinds = steps.map(({ kind }) => kind);
    expect(kinds.lastIndexOf('gate')).toBeLessThan(kinds.indexOf('tests'));
  });
});
