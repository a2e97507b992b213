import { OperationOutcomeError, validateResource, type ValidatorOptions } from '@medplum/core';
import type { OperationOutcomeIssue, Resource } from '@medplum/fhirtypes';
import type { Definitions } from './definitions.ts';
import type { ElementIssue } from './issue.ts';

type BoundValues = NonNullable<NonNullable<ValidatorOptions['collect']>['tokens']>;

/** Structure, cardinality and invariants, then the codes that a required binding fixes. */
export function checkStructure(resource: Resource, definitions: Definitions): ElementIssue[] {
  const tokens: BoundValues = {};
  const issues = validated(resource, { collect: { tokens } });
  return [...issues, ...checkBoundCodes(tokens, definitions)];
}

/** Against one profile that the resource claims. */
export function checkProfile(resource: Resource, url: string, definitions: Definitions): ElementIssue[] {
  const profile = definitions.profiles.get(url);
  return profile === undefined ? [] : validated(resource, { profile });
}

function validated(resource: Resource, options: ValidatorOptions): ElementIssue[] {
  return outcomeOf(() => validateResource(resource, options))
    .filter(isFault)
    .map(({ expression, details }) => ({ path: expression?.[0] ?? resource.resourceType, text: details?.text ?? '' }));
}

/** The validator throws what it found as soon as there is one error. */
function outcomeOf(validate: () => OperationOutcomeIssue[]): OperationOutcomeIssue[] {
  try {
    return validate();
  } catch (error) {
    if (error instanceof OperationOutcomeError) {
      return error.outcome.issue;
    }
    throw error;
  }
}

/** Its warnings are faults as well, but for those on types of references, which take a `urn:uuid:` for a type. */
function isFault({ severity, details }: OperationOutcomeIssue): boolean {
  return severity !== 'warning' || details?.text?.startsWith('Invalid reference') !== true;
}

function checkBoundCodes(bound: BoundValues, definitions: Definitions): ElementIssue[] {
  return Object.entries(bound).flatMap(([valueSet, values]) => {
    const allowed = definitions.codesIn(valueSet.split('|')[0] ?? '');
    return values
      .filter(({ type, value }) => type === 'code' && allowed?.has(String(value)) === false)
      .map(({ path }) => ({ path, text: `The code is none of the value set ${valueSet}` }));
  });
}
