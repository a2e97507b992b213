/** Why pixels are not decoded, in words that can stand in a report: they hold no patient data. */
export interface Unsupported {
  kind: 'unsupported';
  reason: string;
}

export function unsupported(reason: string): Unsupported {
  return { kind: 'unsupported', reason };
}

/** Thrown deep inside a codec, where every step may meet bytes that cannot be; `refusing` turns it into a value. */
export class Undecodable extends Error {}

/** What `work` gives, or the refusal it met. Anything but `Undecodable` is a defect and goes on. */
export async function refusing<T>(work: () => Promise<T>): Promise<T | Unsupported> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Undecodable) return unsupported(error.message);
    throw error;
  }
}
