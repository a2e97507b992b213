import type { BundleEntry, Resource } from '@medplum/fhirtypes';
import { checkCodes } from './check-codes.ts';
import { checkForm } from './check-form.ts';
import { checkReferences, type Neighbours } from './check-references.ts';
import { checkProfile, checkStructure } from './check-structure.ts';
import type { Definitions } from './definitions.ts';
import type { ElementIssue, FilingIssue } from './issue.ts';
import { elementsOf } from './walk-elements.ts';

export type FilingVerdict =
  | { readonly kind: 'valid' }
  | { readonly kind: 'invalid'; readonly issues: readonly FilingIssue[] };

/**
 * Judges what is about to be written, as a bundle's entries or resources by themselves (`{ resource }`): structure, cardinality
 * and invariants of R4, profiles claimed, where references lead, and every code. Nothing invalid is sent.
 */
export function validateForFiling(
  entries: readonly Pick<BundleEntry, 'fullUrl' | 'resource'>[],
  definitions: Definitions,
): FilingVerdict {
  const neighbours: Neighbours = new Map(
    entries.flatMap(({ fullUrl, resource }) =>
      fullUrl === undefined || resource === undefined ? [] : [[fullUrl, resource.resourceType]],
    ),
  );
  const issues = entries.flatMap(({ resource }, index) =>
    resource === undefined
      ? []
      : issuesOf(resource, neighbours, definitions).map((issue) => ({
          resource: `${index + 1} (${resource.resourceType})`,
          ...issue,
        })),
  );
  return issues.length === 0 ? { kind: 'valid' } : { kind: 'invalid', issues };
}

function issuesOf(resource: Resource, neighbours: Neighbours, definitions: Definitions): ElementIssue[] {
  if (!definitions.types.has(resource.resourceType)) {
    return [{ path: 'Resource', text: 'Resources of this type are not filed: no definition of it is loaded' }];
  }
  const broken = checkStructure(resource, definitions);
  if (broken.length > 0) {
    return broken;
  }
  const elements = elementsOf(resource);
  return [
    ...checkForm(resource, elements),
    ...checkProfiles(resource, definitions),
    ...checkReferences(resource, elements, neighbours, definitions.everyType),
    ...checkCodes(elements, definitions),
  ];
}

/** A claim that nobody can check is a claim that nobody may make. */
function checkProfiles(resource: Resource, definitions: Definitions): ElementIssue[] {
  return (resource.meta?.profile ?? []).flatMap((url, index) =>
    definitions.profiles.has(url)
      ? checkProfile(resource, url, definitions)
      : [
          {
            path: `${resource.resourceType}.meta.profile[${index}]`,
            text: 'A profile is claimed whose definition is not loaded',
          },
        ],
  );
}
