import { sayCode } from '@sightline/dimse';
import { z } from 'zod';
import type { RefusedInstance } from './archive.ts';

const instanceSchema = z.object({
  '00081155': z.object({ Value: z.tuple([z.string()]) }),
  '00081197': z.object({ Value: z.tuple([z.number()]) }).optional(),
});
const sequenceSchema = z.object({ Value: z.array(instanceSchema).default([]) }).optional();

/** Store Instances Response Module (PS3.3 I.3, PS3.18 I): Failed and Referenced SOP Sequence. */
const answerSchema = z.object({ '00081198': sequenceSchema, '00081199': sequenceSchema });

/** Of an instance that is there already (PS3.18 Table I.2-2). */
const duplicate = 0x0111;

export interface StowAnswer {
  stored: string[];
  refused: RefusedInstance[];
}

/** What a DICOMweb server said of each instance, or undefined where that cannot be read. */
export function readStowAnswer(body: unknown): StowAnswer | undefined {
  const parsed = answerSchema.safeParse(Array.isArray(body) ? body[0] : body);
  if (!parsed.success) return undefined;
  const { '00081198': failures, '00081199': references } = parsed.data;
  if (failures === undefined && references === undefined) return undefined;
  const all = (failures?.Value ?? []).map((one) => ({
    sopInstanceUid: one['00081155'].Value[0],
    reason: one['00081197']?.Value[0],
  }));
  const named = (references?.Value ?? []).map((one) => one['00081155'].Value[0]);
  return {
    stored: [...named, ...all.flatMap(({ sopInstanceUid, reason }) => (reason === duplicate ? sopInstanceUid : []))],
    refused: all.flatMap(({ sopInstanceUid, reason }) =>
      reason === duplicate
        ? []
        : { sopInstanceUid, reason: sayReason(reason), mayPass: reason === undefined || mayPass(reason) },
    ),
  };
}

function sayReason(reason: number | undefined): string {
  return reason === undefined ? 'no failure reason' : `failure reason ${sayCode(reason)}`;
}

/** Processing failure and out of resources (A7xx): the same instance may be taken later. */
function mayPass(reason: number): boolean {
  return reason === 0x0110 || (reason >= 0xa700 && reason <= 0xa7ff);
}
