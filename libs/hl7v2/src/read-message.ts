import { plain } from './delimited.ts';

/** Parts of a component, components of a repetition, repetitions of a field; all as plain text. */
export type FieldValue = readonly (readonly (readonly string[])[])[];

interface Delimiters {
  field: string;
  component: string;
  repetition: string;
  subcomponent: string;
}

/** One segment as it was sent. */
export class ReadSegment {
  constructor(
    readonly name: string,
    private readonly fields: readonly string[],
    private readonly delimiters: Delimiters,
  ) {}

  /** The field of a number, from 1. The two quotes that mean "delete what you hold" (v2.5.1 2.5.3) are nothing here. */
  field(number: number): FieldValue {
    const raw = this.fields[number] ?? '';
    if (raw === '') return [];
    const { repetition, component, subcomponent } = this.delimiters;
    return raw
      .split(repetition)
      .map((one) => one.split(component).map((part) => part.split(subcomponent).map((value) => readable(value))));
  }

  /** A component's first text in the first repetition; undefined where there is none. */
  text(number: number, component = 1): string | undefined {
    const value = this.field(number)[0]?.[component - 1]?.[0];
    return value === undefined || value === '' ? undefined : value;
  }
}

export class ReadMessage {
  constructor(readonly segments: readonly ReadSegment[]) {}

  first(name: string): ReadSegment | undefined {
    return this.segments.find((one) => one.name === name);
  }

  all(name: string): readonly ReadSegment[] {
    return this.segments.filter((one) => one.name === name);
  }
}

/** A message cut into its segments, by the delimiters that it states; undefined where it does not begin with a header. */
export function readMessage(message: string): ReadMessage | undefined {
  const lines = message.split(/\r\n|\r|\n/).filter((line) => line !== '');
  const [msh = ''] = lines;
  const [field, component, repetition, , subcomponent] = msh.slice(3);
  if (!msh.startsWith('MSH') || subcomponent === undefined) return undefined;
  if (field === undefined || component === undefined || repetition === undefined) return undefined;
  const delimiters = { field, component, repetition, subcomponent };
  return new ReadMessage(lines.map((line) => readSegment(line, delimiters)));
}

/** Of the header the first field is the separator: its numbers are one ahead of where the separators cut. */
function readSegment(line: string, delimiters: Delimiters): ReadSegment {
  const [name = '', ...fields] = line.split(delimiters.field);
  return new ReadSegment(name, name === 'MSH' ? [name, delimiters.field, ...fields] : [name, ...fields], delimiters);
}

function readable(value: string): string {
  return value === '""' ? '' : plain(value);
}
