import { MemoryRepository, type TransactionOptions } from '@medplum/fhir-router';
import type { Resource, ResourceType } from '@medplum/fhirtypes';

/** Medplum's memory, which by itself keeps what a transaction wrote before it failed. What is put back loses its history. */
export class AtomicRepository extends MemoryRepository {
  override async withTransaction<T>(
    callback: (repository: this) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T> {
    const types = typesOf(options?.resourceTypes ?? []);
    const before = await this.allOf(types);
    try {
      return await super.withTransaction(callback);
    } catch (error) {
      await this.putBack(types, before);
      throw error;
    }
  }

  private async allOf(types: readonly ResourceType[]): Promise<(Resource & { id: string })[]> {
    return (await Promise.all(types.map((resourceType) => this.searchResources({ resourceType })))).flat();
  }

  private async putBack(types: readonly ResourceType[], before: readonly Resource[]): Promise<void> {
    for (const { resourceType, id } of await this.allOf(types)) {
      await this.expungeResource(resourceType, id);
    }
    // Seeding keeps versions and times as they are.
    await this.withSeeding(() => Promise.all(before.map((resource) => this.createResource(resource))));
  }
}

function typesOf(types: TransactionOptions['resourceTypes']): ResourceType[] {
  return typeof types === 'string' ? [types] : [...types];
}
