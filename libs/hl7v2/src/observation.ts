import {
  codes,
  concept,
  type CodedConcept,
  type GivenVerdict,
  type ResultSet,
  type StateOutside,
} from '@sightline/findings';
import { codedElement } from './coded-element.ts';
import { composite, repetitions, segment, text, type Encoded } from './delimited.ts';
import { timeStamp } from './time-stamp.ts';

/** One OBX to be: its question, its value with the type, and whose answer it is. */
export interface Observation {
  type: 'CWE' | 'CX' | 'ED' | 'NM' | 'RP' | 'ST' | 'TX';
  code: CodedConcept;
  /** What the question is called, where not by its code's display. */
  words?: string;
  subId?: string;
  value: Encoded;
  unit?: CodedConcept;
  flags?: readonly string[];
  /** `O` describes the order and is no result. */
  status: StateOutside['obx11'] | 'O';
  verdict?: GivenVerdict | undefined;
  /** Whether the algorithm said it. */
  byAlgorithm: boolean;
  notes?: readonly string[];
}

export function noteSegment(setId: number, note: string): string {
  return segment('NTE', { 1: text(String(setId)), 2: text('L'), 3: text(note) });
}

export function observationSegment(one: Observation, setId: number, { study, model, completedAt }: ResultSet): string {
  const when = study.startedAt === undefined ? undefined : timeStamp(study.startedAt);
  return segment('OBX', {
    1: text(String(setId)),
    2: text(one.type),
    3: codedElement(one.code, one.words),
    4: one.subId === undefined ? undefined : text(one.subId),
    5: one.value,
    6: one.unit === undefined ? undefined : codedElement(one.unit),
    8: one.flags === undefined ? undefined : repetitions(...one.flags.map(text)),
    11: text(one.status),
    14: one.status === 'O' ? undefined : when,
    16: one.verdict === undefined ? undefined : composite(one.verdict.by.subject, one.verdict.by.name),
    17: one.byAlgorithm ? codedElement(concept(codes.dicom.artificialIntelligence)) : undefined,
    18: one.byAlgorithm ? composite(`${model.name}@${model.version}`, 'SIGHTLINE') : undefined,
    19: one.byAlgorithm ? timeStamp(completedAt) : undefined,
  });
}
