import { z } from 'zod';

/**
 * A DICOM unique identifier: dotted components of digits without leading zeros, at most 64 characters
 * (PS3.5 9.1). Branded so that an arbitrary string is never taken for one.
 */
export const uidSchema = z
  .string()
  .max(64)
  .regex(/^(0|[1-9]\d*)(\.(0|[1-9]\d*))+$/, 'not a DICOM UID')
  .brand<'Uid'>();

export type Uid = z.infer<typeof uidSchema>;

/** The UID a string holds once its padding is gone, or undefined where it is none. */
export function parseUid(text: string | undefined): Uid | undefined {
  const parsed = uidSchema.safeParse(text?.replace(/[\0 ]+$/, ''));
  return parsed.success ? parsed.data : undefined;
}

/** Root of every UID this product makes: UUID-derived (PS3.5 B.2), recognisable by the device that stamps it. */
export function uidFromUuid(uuid: string): Uid {
  return uidSchema.parse(`2.25.${BigInt(`0x${uuid.replaceAll('-', '')}`).toString()}`);
}
