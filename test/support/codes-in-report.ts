import { itemsOf, readDataset, textOf, type WritableDataset } from '@sightline/dicom';

/** What each measurement group of a structured report says in codes, as they stand there: by its tracking UID, each as name=value. */
export function codesInReport(part10: Uint8Array): Map<string, string[]> {
  const read = readDataset(part10);
  if (read.kind === 'invalid') throw new Error(read.reason);
  const groups = below(read.dataset).filter((item) => nameOf(item) === measurementGroup);
  return new Map(
    groups.map((group) => {
      const items = below(group);
      const tracked = items.find((item) => nameOf(item) === trackingUid);
      return [textOf(tracked, 'UID') ?? '', items.flatMap((item) => said(item) ?? []).sort()];
    }),
  );
}

const measurementGroup = '125007';
const trackingUid = '112040';
/** Who observed, and by which kind of algorithm. */
const context = new Set(['121005', '111000']);

function below(dataset: WritableDataset): WritableDataset[] {
  return itemsOf(dataset, 'ContentSequence').flatMap((item) => [item, ...below(item)]);
}

function said(item: WritableDataset): string | undefined {
  const name = nameOf(item);
  if (name === undefined || context.has(name)) return undefined;
  const [measured] = itemsOf(item, 'MeasuredValueSequence');
  if (measured === undefined) {
    const code = codeOf(itemsOf(item, 'ConceptCodeSequence')[0]);
    return code && `${name}=${code}`;
  }
  return `${name} in ${codeOf(itemsOf(measured, 'MeasurementUnitsCodeSequence')[0])}`;
}

function nameOf(item: WritableDataset): string | undefined {
  return codeOf(itemsOf(item, 'ConceptNameCodeSequence')[0]);
}

function codeOf(item: WritableDataset | undefined): string | undefined {
  return textOf(item, 'CodeValue') ?? textOf(item, 'LongCodeValue');
}
