import { z } from 'zod';

/** A code with the system that defines it and the display its publisher gives it (SR: code value, scheme, meaning). */
export const codedConceptSchema = z.strictObject({
  system: z.string().min(1),
  code: z.string().min(1),
  display: z.string().min(1),
});

export type CodedConcept = z.infer<typeof codedConceptSchema>;
