import { codes, stateOutside, type Digest, type ResultSet } from '@sightline/findings';
import { codedElement } from './coded-element.ts';
import {
  components,
  composite,
  header,
  messageOf,
  repetitions,
  segment,
  subcomponents,
  text,
  type Encoded,
} from './delimited.ts';
import {
  hierarchic,
  orderNumber,
  orderNumberWithin,
  patientIdentifier,
  reportNumber,
  type OrderNumber,
} from './identifiers.ts';
import { labelsOfReport } from './label.ts';
import { noteSegment } from './observation.ts';
import { observationSegments } from './observation-segments.ts';
import { wordsOf } from './report-observations.ts';
import type { PatientOfMessage, PersonName, ResultContext } from './result-context.ts';
import { timeStamp } from './time-stamp.ts';

/**
 * A result set as ORU^R01^ORU_R01 of HL7 v2.5.1, in UTF-8. The same set in the same context is the same text. `digest` gives
 * the report its number and findings their sub-ids.
 */
export function resultMessage(set: ResultSet, context: ResultContext, digest: Digest): string {
  return messageOf([
    messageHeader(set, context),
    patientSegment(context.patient),
    segment('ORC', { 1: text('RE'), ...orderFields(set, context, digest) }),
    requestSegment(set, context, digest),
    ...labelsOfReport(set, context.onlyReport).map((label, index) => noteSegment(index + 1, label)),
    ...observationSegments(set, context, digest),
  ]);
}

function messageHeader(set: ResultSet, { sending, receiving, controlId, processingId }: ResultContext): string {
  return header({
    3: hierarchic(sending.application),
    4: hierarchic(sending.facility),
    5: hierarchic(receiving.application),
    6: hierarchic(receiving.facility),
    7: saidAt(set),
    9: composite('ORU', 'R01', 'ORU_R01'),
    10: text(controlId),
    11: text(processingId),
    12: text('2.5.1'),
    18: text('UNICODE UTF-8'),
  });
}

function patientSegment({ identifiers, name, birthDate, sex }: PatientOfMessage): string {
  return segment('PID', {
    1: text('1'),
    3: repetitions(
      ...identifiers.map((one) => patientIdentifier({ type: codes.hl7.medicalRecordNumber.code, ...one })),
    ),
    5: personName(name),
    7: birthDate === undefined ? undefined : timeStamp(birthDate),
    8: sex === undefined ? undefined : text(sex),
  });
}

/** PID-5 must be there: a name that nobody knows has only its type, "unknown" (table 0200). */
function personName({ family, given = [], suffix, prefix }: PersonName = {}): Encoded {
  const [first, ...further] = given;
  const middle = further.length === 0 ? undefined : further.join(' ');
  const parts = [family, first, middle, suffix, prefix];
  const known = parts.some((part) => part !== undefined && part !== '');
  return composite(...parts, undefined, known ? 'L' : 'U');
}

/**
 * OBR-2 names the order only where this is the one report that answers it: elsewhere its status would be taken for the
 * order's, and a refusal would cancel it. OBR-3 is a number of its own: under the order's it would replace the
 * radiologist's report.
 */
function orderFields(
  set: ResultSet,
  { order, onlyReport, sending }: ResultContext,
  digest: Digest,
): Record<2 | 3, Encoded | undefined> {
  return {
    2: onlyReport && order?.placer !== undefined ? orderNumber(order.placer) : undefined,
    3: orderNumber({ value: reportNumber(set, digest), authority: sending.application }),
  };
}

function requestSegment(set: ResultSet, context: ResultContext, digest: Digest): string {
  const { study, model, state } = set;
  const accession = context.order?.accession?.value ?? study.accessionNumber;
  return segment('OBR', {
    1: text('1'),
    ...orderFields(set, context, digest),
    4: codedElement(model.reports.code, wordsOf(set)),
    7: study.startedAt === undefined ? undefined : timeStamp(study.startedAt),
    18: accession === undefined ? undefined : text(accession),
    22: saidAt(set),
    24: text(sectionOf(set)),
    25: text(stateOutside(state, context).obr25),
    29: parentOf(context.order?.placer, context.order?.filler),
    32: interpreter(set),
  });
}

/** The order as the parent of what was done for it (OBR-29). */
function parentOf(placer: OrderNumber | undefined, filler: OrderNumber | undefined): Encoded | undefined {
  if (placer === undefined && filler === undefined) return undefined;
  return components(...[placer, filler].map((one) => (one === undefined ? undefined : orderNumberWithin(one))));
}

/** Table 0074; a department that has no entry there is "other". */
function sectionOf({ model }: ResultSet): string {
  const { system } = codes.hl7.sectionRadiology;
  return model.reports.category.find((one) => one.system === system)?.code ?? codes.hl7.sectionOther.code;
}

/** Who answers for the whole, once somebody does. */
function interpreter({ review }: ResultSet): Encoded | undefined {
  const signer = review.signature?.by;
  return signer === undefined ? undefined : subcomponents(signer.subject, signer.name);
}

/** When the last thing of it was said: by the model, or by a person since. Never the present moment. */
function saidAt({ completedAt, review }: ResultSet): Encoded | undefined {
  const instants = [completedAt, ...review.verdicts.map(({ at }) => at), review.signature?.at ?? completedAt];
  return timeStamp(instants.reduce((last, one) => (Date.parse(one) > Date.parse(last) ? one : last)));
}
