import { checkedCode, codes } from '@sightline/findings';
import type { Coding, Quantity } from '@medplum/fhirtypes';
import { fhirSystems, type Definitions } from './definitions.ts';
import type { ElementIssue } from './issue.ts';
import type { Element } from './walk-elements.ts';

/** URIs are codes by themselves (SOP classes, say): no table lists them. */
const uris = 'urn:ietf:rfc:3986';

/** Every code is in the code table, or in the code system of FHIR that it names, and displayed as it is there. */
export function checkCodes(elements: readonly Element[], definitions: Definitions): ElementIssue[] {
  return elements.flatMap((element) => {
    const text = faultOf(element, definitions);
    return text === undefined ? [] : [{ path: element.path, text }];
  });
}

function faultOf({ type, path, value }: Element, definitions: Definitions): string | undefined {
  switch (type) {
    case 'Coding':
      return faultOfCoding(value as Coding, path, definitions);
    case 'Quantity':
      return faultOfUnit(value as Quantity);
    default:
      return undefined;
  }
}

function faultOfCoding({ system, code, display }: Coding, path: string, definitions: Definitions): string | undefined {
  if (system === undefined || code === undefined) {
    return 'A coding needs a system and a code';
  }
  if (system === uris || isModalityOfImages(path, system, display)) {
    return undefined;
  }
  const known = system.startsWith(fhirSystems)
    ? definitions.displayOf(system, code)
    : checkedCode(system, code)?.display;
  if (known === undefined) {
    return 'The code is not in the code table';
  }
  return display === known ? undefined : 'The code is displayed otherwise than in the code table';
}

/** A unit's display is `Quantity.unit`, which UCUM leaves free. */
function faultOfUnit({ system, code }: Quantity): string | undefined {
  return code === undefined || checkedCode(system ?? '', code) !== undefined
    ? undefined
    : 'The unit is not in the code table';
}

/** What kind of device took the images is their own word: one outside the table is told by its code alone. */
function isModalityOfImages(path: string, system: string, display: string | undefined): boolean {
  return (
    system === codes.dicom.modalityDx.system &&
    display === undefined &&
    /\.modality(\[\d+\])?(\.coding\[\d+\])?$/.test(path)
  );
}
