import { baseConfigSchema } from '@sightline/platform';
import { z } from 'zod';

const aeTitle = z
  .string()
  .regex(/^[\x21-\x5b\x5d-\x7e](?:[\x20-\x5b\x5d-\x7e]{0,14}[\x21-\x5b\x5d-\x7e])?$/, 'not an AE title');
const milliseconds = z.coerce.number().int().positive();
const yesOrNo = z.enum(['true', 'false']).transform((word) => word === 'true');

export const ingestConfigSchema = baseConfigSchema.extend({
  dicomHost: z.string().min(1).default('127.0.0.1'),
  dicomPort: z.coerce.number().int().min(0).max(65_535),
  dicomAeTitle: aeTitle.default('SIGHTLINE'),
  /** Refuse associations that call another AE title. */
  dicomRequireCalledAeTitle: yesOrNo.default(false),
  /** The only AE titles that may call, separated by commas; without it everyone may. */
  dicomCallingAeTitles: z
    .string()
    .transform((list) => list.split(',').map((title) => title.trim()))
    .pipe(z.array(aeTitle))
    .default([]),
  dicomMaxAssociations: z.coerce.number().int().positive().default(64),
  dicomAssociateTimeoutMs: milliseconds.default(10_000),
  dicomIdleTimeoutMs: milliseconds.default(60_000),
  /** Bytes of the largest instance that is taken. */
  maxInstanceBytes: z.coerce
    .number()
    .int()
    .positive()
    .default(4 * 1024 ** 3),
  /** A revision is complete this long after its last instance. */
  quietPeriodMs: z.coerce.number().int().nonnegative().default(5_000),
  /** A request is emitted again this long after it went unanswered. */
  requestDeadlineMs: milliseconds.default(600_000),
  modelsDir: z.string().min(1),
});

export type IngestConfig = z.infer<typeof ingestConfigSchema>;
