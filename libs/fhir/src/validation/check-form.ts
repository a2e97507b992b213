import type { Resource } from '@medplum/fhirtypes';
import type { ElementIssue } from './issue.ts';
import type { Element } from './walk-elements.ts';

const id = /^[A-Za-z0-9\-.]{1,64}$/;

/** What R4 says of the form of values and the validator of `@medplum/core` lets pass. */
export function checkForm(resource: Resource, elements: readonly Element[]): ElementIssue[] {
  return [...emptyElements(resource, resource.resourceType), ...elements.flatMap(faultOf)];
}

/** R4 json.html: an object is never empty, and neither is an array. */
function emptyElements(value: unknown, path: string): ElementIssue[] {
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  const inner = Object.entries(value).filter(([, one]) => one !== undefined);
  return inner.length === 0
    ? [{ path, text: 'An element is never empty' }]
    : inner.flatMap(([key, one]) => emptyElements(one, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`));
}

function faultOf({ path, type, value }: Element): ElementIssue[] {
  if (type === 'dateTime' && /T[\d:.]+$/.test(String(value))) {
    return [{ path, text: 'A time needs its offset' }];
  }
  // Of a resource, not of an element, which may have any text for an id.
  if (isIdOfResource(path) && !id.test(String(value))) {
    return [{ path, text: 'An id has up to 64 letters, digits, hyphens and dots' }];
  }
  return [];
}

function isIdOfResource(path: string): boolean {
  return /^\w+(\.contained\[\d+\])?\.id$/.test(path);
}
