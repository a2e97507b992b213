import type { Digest, ResultSet } from '@sightline/findings';
import { components, composite, subcomponents, text, type Encoded } from './delimited.ts';
import type { FieldValue } from './read-message.ts';

/**
 * Who assigns identifiers, or where a message comes from (HD): a name agreed locally, a universal id with its type, or
 * both.
 */
export interface Authority {
  namespace?: string | undefined;
  universalId?: string | undefined;
  /** Table 0301: ISO, DNS, UUID, URI. */
  universalIdType?: string | undefined;
}

/** A patient's identifier with who assigned it (CX). One that names nobody belongs to nobody. */
export interface PatientIdentifier {
  value: string;
  authority?: Authority | undefined;
  /** Table 0203. */
  type?: string | undefined;
}

/** An order's number with who assigned it (EI). */
export interface OrderNumber {
  value: string;
  authority?: Authority | undefined;
}

export function hierarchic({ namespace, universalId, universalIdType }: Authority): Encoded {
  return composite(namespace, universalId, universalIdType);
}

/** The same within a component. */
export function hierarchicWithin({ namespace, universalId, universalIdType }: Authority): Encoded {
  return subcomponents(namespace, universalId, universalIdType);
}

export function patientIdentifier({ value, authority = {}, type }: PatientIdentifier): Encoded {
  const assigner = hierarchicWithin(authority);
  return components(text(value), undefined, undefined, assigner, type === undefined ? undefined : text(type));
}

export function orderNumber({ value, authority = {} }: OrderNumber): Encoded {
  return composite(value, authority.namespace, authority.universalId, authority.universalIdType);
}

/** The same within a component. */
export function orderNumberWithin({ value, authority = {} }: OrderNumber): Encoded {
  return subcomponents(value, authority.namespace, authority.universalId, authority.universalIdType);
}

/**
 * What a report is called, the same in each of its editions. Short, since receivers have short columns for it: a study UID
 * that is cut off at its end is another study's.
 */
export function reportNumber(
  { study, model, generation }: Pick<ResultSet, 'study' | 'model' | 'generation'>,
  digest: Digest,
): string {
  return digest(`${study.studyInstanceUid}/${model.name}/${generation}`).slice(0, 20);
}

/** Patients' identifiers of a field (CX, repeated); those without a value are left out. */
export function readPatientIdentifiers(field: FieldValue): PatientIdentifier[] {
  return field.flatMap(([value, , , assigner = [], type]) =>
    value?.[0] === undefined || value[0] === ''
      ? []
      : [{ value: value[0], ...readAuthority(assigner), ...(type?.[0] ? { type: type[0] } : {}) }],
  );
}

/** An order's number (EI), undefined where there is none. */
export function readOrderNumber(field: FieldValue): OrderNumber | undefined {
  const [value, ...assigner] = (field[0] ?? []).map(([first]) => first ?? '');
  return value === undefined || value === '' ? undefined : { value, ...readAuthority(assigner) };
}

function readAuthority([namespace, universalId, universalIdType]: readonly string[]): { authority?: Authority } {
  const authority = {
    ...(namespace ? { namespace } : {}),
    ...(universalId ? { universalId } : {}),
    ...(universalIdType ? { universalIdType } : {}),
  };
  return Object.keys(authority).length === 0 ? {} : { authority };
}
