import { readFile } from 'node:fs/promises';
import { z } from 'zod';

const tableSchema = z.array(
  z.strictObject({
    issuer: z.string().min(1).optional(),
    callingAeTitle: z.string().min(1).optional(),
    system: z.string().min(1),
  }),
);

/** Whose patient ids are in which identifier system of the EHR: by issuer (0010,0021) and calling AE title. */
export class Issuers {
  constructor(
    private readonly fallback: string,
    private readonly table: z.infer<typeof tableSchema> = [],
  ) {}

  static async read(fallback: string, file: string | undefined): Promise<Issuers> {
    if (file === undefined) return new Issuers(fallback);
    return new Issuers(fallback, tableSchema.parse(JSON.parse(await readFile(file, 'utf8'))));
  }

  /** Undefined where the images name an issuer that nobody has mapped: its ids may be another hospital's. */
  systemOf(issuer: string | undefined, callingAeTitle: string | undefined): string | undefined {
    const row = this.table.find(
      (one) =>
        (one.issuer === undefined || one.issuer === issuer) &&
        (one.callingAeTitle === undefined || one.callingAeTitle === callingAeTitle) &&
        (one.issuer !== undefined || issuer === undefined),
    );
    return row?.system ?? (issuer === undefined ? this.fallback : undefined);
  }
}
