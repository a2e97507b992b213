import type { OperationOutcome, OperationOutcomeIssue } from '@medplum/fhirtypes';

/** A refusal in FHIR's words. */
export function operationOutcome(
  code: NonNullable<OperationOutcomeIssue['code']>,
  issues: readonly { message: string; path?: readonly PropertyKey[] }[],
): OperationOutcome {
  return {
    resourceType: 'OperationOutcome',
    issue: issues.map(({ message, path = [] }) => ({
      severity: 'error',
      code,
      diagnostics: [...path.map(String), message].join(': '),
    })),
  };
}
