import { z } from 'zod';

/** A code with the system that defines it and the display its publisher gives it (SR: code value, scheme, meaning). */
export const codedConceptSchema = z.strictObject({
  system: z.string().min(1),
  code: z.string().min(1),
  display: z.string().min(1),
});

export type CodedConcept = z.infer<typeof codedConceptSchema>;

/** A code of the table, with its evidence. */
export interface CheckedCode extends CodedConcept {
  /** `confirmed`: two independent sources agree; `single`: one, see `note`; `local`: ours, see `definition`. */
  status: 'confirmed' | 'single' | 'local';
  /** The sources it was compared with. */
  checked: string;
  definition?: string;
  note?: string;
}
