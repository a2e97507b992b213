import { readFile } from 'node:fs/promises';
import { z } from 'zod';

const tableSchema = z.array(
  z.strictObject({
    issuer: z.string().min(1).optional(),
    callingAeTitle: z.string().min(1).optional(),
    system: z.string().min(1),
  }),
);

interface Naming {
  /** Of ids that name no issuer and have no row. */
  fallback: string;
  table?: z.infer<typeof tableSchema>;
  /** The sandbox's: an issuer nobody mapped gets a system of its own below the fallback, since its patients are made anyway. */
  unmappedGetOwn: boolean;
}

/** Whose patient ids are in which identifier system of the EHR: by issuer (0010,0021) and calling AE title. */
export class Issuers {
  constructor(private readonly naming: Naming) {}

  static async read(naming: Omit<Naming, 'table'>, file: string | undefined): Promise<Issuers> {
    if (file === undefined) return new Issuers(naming);
    return new Issuers({ ...naming, table: tableSchema.parse(JSON.parse(await readFile(file, 'utf8'))) });
  }

  /** Undefined where the images name an issuer that nobody has mapped: its ids may be another hospital's. */
  systemOf(issuer: string | undefined, callingAeTitle: string | undefined): string | undefined {
    const { table = [], fallback, unmappedGetOwn } = this.naming;
    const row = table.find(
      (one) => one.issuer === issuer && (one.callingAeTitle === undefined || one.callingAeTitle === callingAeTitle),
    );
    if (row !== undefined) return row.system;
    if (issuer === undefined) return fallback;
    return unmappedGetOwn ? `${fallback}/${encodeURIComponent(issuer)}` : undefined;
  }
}
