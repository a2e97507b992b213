import type { Bundle, CodeableConcept, Coding, Observation, Reference, Resource } from '@medplum/fhirtypes';
import { parseUid } from '@sightline/dicom';
import { codedConceptSchema, reviewerSchema, type CodedConcept, type Reviewer } from '@sightline/findings';

/** What a chart has no words for. */
export const unsaid = '';

/** The resources of a bundle, by what they are and by what refers to them. */
export class Chart {
  private readonly resources: ReadonlyMap<string, Resource>;
  readonly corrections: readonly Observation[];

  constructor({ entry = [] }: Bundle) {
    this.resources = new Map(entry.flatMap(({ fullUrl, resource }) => (resource ? [[fullUrl ?? '', resource]] : [])));
    this.corrections = this.all<Observation>('Observation').filter(({ performer }) => performer !== undefined);
  }

  all<R extends Resource>(type: R['resourceType']): R[] {
    return [...this.resources.values()].filter((one): one is R => one.resourceType === type);
  }

  only<R extends Resource>(type: R['resourceType']): R {
    const [found, ...others] = this.all<R>(type);
    if (found === undefined || others.length > 0) throw new Error(`${others.length + 1} ${type}`);
    return found;
  }

  at<R extends Resource>(reference = ''): R {
    const found = this.resources.get(reference);
    if (found === undefined) throw new Error(`nothing at ${reference}`);
    return found as R;
  }

  /** The numbers in one group with a finding. */
  measuredWith(leaf: Observation): Observation[] {
    const url = this.urlOf(leaf);
    const group = this.all<Observation>('Observation').find(({ hasMember }) =>
      hasMember?.some(({ reference }) => reference === url),
    );
    return (group?.hasMember ?? [])
      .map(({ reference }) => this.at<Observation>(reference))
      .filter(({ valueQuantity }) => valueQuantity !== undefined);
  }

  urlOf(resource: Resource): string {
    return [...this.resources].find(([, one]) => one === resource)?.[0] ?? '';
  }
}

/** Whoever has no name is shown by their role. */
export function reviewerOf({ identifier, display }: Reference): Reviewer {
  const role = reviewerSchema.shape.role.safeParse(display);
  return reviewerSchema.parse({
    subject: identifier?.value,
    ...(role.success ? { role: role.data } : { role: 'radiologist', name: display }),
  });
}

export function conceptOf(coding: Coding | undefined): CodedConcept {
  const { system, code, display } = coding ?? {};
  return codedConceptSchema.parse({ system, code, display });
}

export function codingOf(concept: CodeableConcept | undefined): string | undefined {
  return concept?.coding?.[0]?.code;
}

export function componentOf(one: Observation, code: string) {
  return one.component?.find((component) => codingOf(component.code) === code);
}

export function numberAt(one: Observation, code: string): number | undefined {
  return componentOf(one, code)?.valueQuantity?.value;
}

export function uidOf(urn: string | undefined) {
  return parseUid(urn?.replace(/^urn:oid:/, ''));
}
