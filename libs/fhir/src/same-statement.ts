import type { CodeableConcept, Observation } from '@medplum/fhirtypes';

/**
 * True where an Observation in a chart still says what ours says. What a server leaves out or adds beside is no change: it stores
 * what it can, and translates codes into its own. Texts are words, not statements.
 */
export function saysTheSame(ours: Observation, there: Observation): boolean {
  const [own, now] = [statementOf(ours), statementOf(there)];
  return [...own].every(([what, said]) => {
    const saidNow = now.get(what) ?? [];
    return saidNow.length === 0 || said.every((one) => saidNow.includes(one));
  });
}

/** `system|code` of each coding. */
export function codesOf(...concepts: (CodeableConcept | undefined)[]): string[] {
  return concepts.flatMap((one) => (one?.coding ?? []).map(({ system, code }) => `${system ?? ''}|${code ?? ''}`));
}

function statementOf(observation: Observation): Map<string, string[]> {
  const { code, interpretation, bodySite, component } = observation;
  return new Map([
    ['code', codesOf(code)],
    ['value', valueOf(observation)],
    ['interpretation', codesOf(...(interpretation ?? []))],
    ['site', codesOf(bodySite)],
    ...(component ?? []).map((one) => [`component ${codesOf(one.code).join()}`, valueOf(one)] as [string, string[]]),
  ]);
}

/** Of any type: a finding that is answered in words now is answered otherwise. */
function valueOf(one: object): string[] {
  return Object.entries(one).flatMap(([key, value]: [string, unknown]) => {
    switch (key) {
      case 'valueCodeableConcept':
        return codesOf(value as CodeableConcept);
      case 'valueQuantity': {
        const { value: number, code, unit } = value as NonNullable<Observation['valueQuantity']>;
        return [`${String(number)} ${code ?? unit ?? ''}`];
      }
      default:
        return key.startsWith('value') ? [`${key} ${JSON.stringify(value)}`] : [];
    }
  });
}
