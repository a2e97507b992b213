import type { CapabilityStatement, Resource } from '@medplum/fhirtypes';

type Type = Resource['resourceType'];

/** How a report is brought to a server. `none`: it takes no reports, and only tells whose patient it is. */
export type Plan = 'transaction' | 'sequence' | 'none';

/** What a server says it can do (R4 CapabilityStatement, its `rest` of mode server). */
export class Capabilities {
  private readonly rest: NonNullable<CapabilityStatement['rest']>[number] | undefined;

  constructor(statement: CapabilityStatement) {
    this.rest = statement.rest?.find(({ mode }) => mode === 'server');
  }

  /** What every report needs: it is the least a server must take. */
  get plan(): Plan {
    const needed: Type[] = ['DiagnosticReport', 'Observation'];
    if (!needed.every((type) => this.can(type, 'create') && this.can(type, 'update'))) return 'none';
    const together = this.rest?.interaction?.some(({ code }) => code === 'transaction') ?? false;
    const writes: Type[] = [...needed, 'ImagingStudy', 'Device', 'Media', 'DocumentReference', 'BodyStructure'];
    const guarded = writes.every((type) => this.guards(type));
    // A server that says nothing of ids of a client's choice may well take them; one that says no does not.
    const ownIds = this.can('Provenance', 'update') && this.resource('Provenance')?.updateCreate !== false;
    return together && guarded && ownIds ? 'transaction' : 'sequence';
  }

  can(type: Type, interaction: 'create' | 'update' | 'read' | 'search-type'): boolean {
    return this.resource(type)?.interaction?.some(({ code }) => code === interaction) ?? false;
  }

  /** True where the server creates only what nothing carries the identifier of. */
  guards(type: Type): boolean {
    return this.can(type, 'create') && this.resource(type)?.conditionalCreate === true;
  }

  private resource(type: Type) {
    return this.rest?.resource?.find((one) => one.type === type);
  }
}
