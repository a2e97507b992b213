import type { ErrorCode } from './error-code.ts';
import { readOrderNumber, readPatientIdentifiers, type OrderNumber, type PatientIdentifier } from './identifiers.ts';
import { readMessage, type ReadMessage, type ReadSegment } from './read-message.ts';

/** What an order goes by, as far as the message says. */
export interface OrderNamed {
  placer?: OrderNumber;
  filler?: OrderNumber;
  /** Without an authority where the message has no place for one: the issuer is then that of whoever sent it. */
  accession?: OrderNumber;
  studyInstanceUid?: string;
}

/**
 * What happened to a patient's record, and which reports it touches.
 *
 * `merged`: what was known under `gone` belongs to `surviving`. `updated`: name, birth date, sex or identifiers of a
 * patient may have changed. `order-moved`: these orders are the patient's now; whether they were another's before, the
 * reader knows. Where `orders` is empty, it is every order of `from` that belongs to the moved account or visit, which the
 * message does not list.
 */
export type PatientEvent =
  | { kind: 'merged'; gone: PatientIdentifier[]; surviving: PatientIdentifier[] }
  | { kind: 'updated'; patient: PatientIdentifier[] }
  | { kind: 'order-moved'; orders: OrderNamed[]; patient: PatientIdentifier[]; from: PatientIdentifier[] };

/** No events where a message is understood and has nothing to do: a new order, for example. */
export type ReadEvents =
  | { kind: 'events'; controlId: string; events: PatientEvent[] }
  | { kind: 'not-understood'; error: ErrorCode; reason: string };

type Reader = (message: ReadMessage) => PatientEvent[] | Missing;
type Missing = { missing: string };

/** Message type and trigger event → how it is read. Anything else is not understood. */
const readers = new Map<string, Reader>(
  Object.entries({
    ADT_A08: updated,
    ADT_A31: updated,
    ADT_A40: merged,
    ADT_A44: moved,
    ADT_A45: moved,
    ADT_A47: merged,
    ORM_O01: ordered,
    OMG_O19: ordered,
    OMI_O23: ordered,
  }),
);

/** What a message of an ADT or order system says about patients; v2.3 to v2.8 have these fields in the same places. */
export function readPatientEvents(text: string): ReadEvents {
  const message = readMessage(text);
  const msh = message?.first('MSH');
  if (message === undefined || msh === undefined) return notUnderstood('102', 'no HL7 message');
  const controlId = msh.text(10);
  if (controlId === undefined) return notUnderstood('101', 'MSH-10 is missing');
  const type = msh.text(9, 1) ?? '';
  const reader = readers.get(`${type}_${msh.text(9, 2) ?? ''}`);
  if (reader === undefined) {
    return ['ADT', 'ORM', 'OMG', 'OMI'].includes(type)
      ? notUnderstood('201', 'this event is not understood')
      : notUnderstood('200', 'this type of message is not understood');
  }
  const events = reader(message);
  return Array.isArray(events)
    ? { kind: 'events', controlId, events }
    : notUnderstood('101', `${events.missing} is missing`);
}

function notUnderstood(error: ErrorCode, reason: string): ReadEvents {
  return { kind: 'not-understood', error, reason };
}

function updated(message: ReadMessage): PatientEvent[] | Missing {
  const patient = patientOf(message.first('PID'));
  return patient.length === 0 ? { missing: 'PID-3' } : [{ kind: 'updated', patient }];
}

/** A40 may merge several, each PID followed by its MRG (v2.5.1 3.3.40); A47 gives one patient another identifier. */
function merged(message: ReadMessage): PatientEvent[] | Missing {
  const pairs = pairsOf(message);
  if (pairs.length === 0) return { missing: 'MRG' };
  const events: PatientEvent[] = [];
  for (const { pid, mrg } of pairs) {
    const surviving = patientOf(pid);
    const gone = readPatientIdentifiers(mrg.field(1));
    if (surviving.length === 0) return { missing: 'PID-3' };
    if (gone.length === 0) return { missing: 'MRG-1' };
    events.push({ kind: 'merged', gone, surviving });
  }
  return events;
}

/** An account (A44) or a visit (A45) that belongs to another patient now, with all orders in it. */
function moved(message: ReadMessage): PatientEvent[] | Missing {
  const events = merged(message);
  if (!Array.isArray(events)) return events;
  return events.flatMap((event) =>
    event.kind === 'merged' ? [{ kind: 'order-moved', orders: [], patient: event.surviving, from: event.gone }] : [],
  );
}

/**
 * Order control codes (table 0119) of an order that was changed; others neither move an order nor name another patient for
 * it.
 */
const changed = new Set(['XO', 'XX', 'RP', 'RO', 'RU']);

function ordered(message: ReadMessage): PatientEvent[] | Missing {
  const orders = ordersOf(message);
  if (orders.length === 0) return [];
  const patient = patientOf(message.first('PID'));
  return patient.length === 0 ? { missing: 'PID-3' } : [{ kind: 'order-moved', orders, patient, from: [] }];
}

/** Each ORC opens a group that its OBR and IPC follow. */
function ordersOf({ segments }: ReadMessage): OrderNamed[] {
  const groups: ReadSegment[][] = [];
  for (const one of segments) {
    if (one.name === 'ORC') groups.push([]);
    if (['ORC', 'OBR', 'IPC', 'ZDS'].includes(one.name)) groups.at(-1)?.push(one);
  }
  return groups.filter(([orc]) => changed.has(orc?.text(1) ?? '')).map(orderNamed);
}

function orderNamed(group: readonly ReadSegment[]): OrderNamed {
  const segmentOf = (name: string): ReadSegment | undefined => group.find((one) => one.name === name);
  const [orc, obr, ipc, zds] = ['ORC', 'OBR', 'IPC', 'ZDS'].map(segmentOf);
  const placer = readOrderNumber(orc?.field(2) ?? []) ?? readOrderNumber(obr?.field(2) ?? []);
  const filler = readOrderNumber(orc?.field(3) ?? []) ?? readOrderNumber(obr?.field(3) ?? []);
  // IHE: IPC-1 with its issuer in OMI, OBR-18 alone in ORM; the study in IPC-3 or in a ZDS segment.
  const accession = readOrderNumber(ipc?.field(1) ?? []) ?? readOrderNumber(obr?.field(18) ?? []);
  const studyInstanceUid = ipc?.text(3) ?? zds?.text(1);
  return {
    ...(placer === undefined ? {} : { placer }),
    ...(filler === undefined ? {} : { filler }),
    ...(accession === undefined ? {} : { accession }),
    ...(studyInstanceUid === undefined ? {} : { studyInstanceUid }),
  };
}

function pairsOf({ segments }: ReadMessage): { pid: ReadSegment | undefined; mrg: ReadSegment }[] {
  return segments.flatMap((mrg, index) =>
    mrg.name === 'MRG' ? [{ pid: segments.slice(0, index).findLast(({ name }) => name === 'PID'), mrg }] : [],
  );
}

function patientOf(pid: ReadSegment | undefined): PatientIdentifier[] {
  return readPatientIdentifiers(pid?.field(3) ?? []);
}
