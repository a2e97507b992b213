/** A row of a site's table; first match wins, and one without a `callingAeTitle` is for all of them. */
export interface IssuerRow {
  issuer?: string | undefined;
  callingAeTitle?: string | undefined;
  system: string;
}

interface Naming {
  table: readonly IssuerRow[];
  /** Of ids that name no issuer and have no row. */
  fallback?: string;
  /** The sandbox's: an issuer nobody mapped gets a system of its own below the fallback, since its patients are made anyway. */
  unmappedGetOwn?: boolean;
}

/** Whose ids are in which identifier system of the EHR: by issuer (0010,0021 or 0008,0051) and calling AE title. */
export class Issuers {
  constructor(private readonly naming: Naming) {}

  /** Undefined where the images name an issuer that nobody has mapped: its ids may be another hospital's. */
  systemOf(issuer: string | undefined, callingAeTitle: string | undefined): string | undefined {
    const { table, fallback, unmappedGetOwn = false } = this.naming;
    const row = table.find(
      (one) => one.issuer === issuer && (one.callingAeTitle === undefined || one.callingAeTitle === callingAeTitle),
    );
    if (row !== undefined) return row.system;
    if (issuer === undefined) return fallback;
    return unmappedGetOwn && fallback !== undefined ? `${fallback}/${encodeURIComponent(issuer)}` : undefined;
  }
}
