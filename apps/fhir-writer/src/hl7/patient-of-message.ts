import type { PatientIdentifier, PatientOfMessage } from '@sightline/hl7v2';
import type { Identifier, Patient } from '@medplum/fhirtypes';

const sexes = { male: 'M', female: 'F', other: 'O', unknown: 'U' } as const;

/** A record as PID tells it; undefined where it has no identifier that a receiver could find it by. */
export function patientOfMessage({ identifier = [], name, birthDate, gender }: Patient): PatientOfMessage | undefined {
  const [first, ...rest] = identifier.flatMap((one) => identifierOf(one) ?? []);
  if (first === undefined) return undefined;
  const known = name?.find(({ use }) => use === 'official') ?? name?.[0];
  return {
    identifiers: [first, ...rest],
    ...(known === undefined
      ? {}
      : { name: { family: known.family, given: known.given, prefix: known.prefix?.[0], suffix: known.suffix?.[0] } }),
    ...(birthDate === undefined ? {} : { birthDate }),
    ...(gender === undefined ? {} : { sex: sexes[gender] }),
  };
}

/** An identifier with the authority its system stands for: an OID as one, any other URI as such. */
function identifierOf({ system = '', value, type, use }: Identifier): PatientIdentifier | undefined {
  if (value === undefined || use === 'old') return undefined;
  const oid = /^urn:oid:([\d.]+)$/.exec(system)?.[1];
  const universal =
    oid === undefined ? { universalId: system, universalIdType: 'URI' } : { universalId: oid, universalIdType: 'ISO' };
  const code = type?.coding?.[0]?.code;
  return {
    value,
    ...(system === '' ? {} : { authority: universal }),
    ...(code === undefined ? {} : { type: code }),
  };
}
