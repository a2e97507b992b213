import {
  crawlTypedValue,
  isPrimitiveType,
  toTypedValue,
  type CrawlerVisitor,
  type InternalSchemaElement,
  type TypedValueWithPath,
} from '@medplum/core';
import type { Resource } from '@medplum/fhirtypes';

/** One element of a resource, with the definition it stands under. */
export interface Element {
  readonly path: string;
  readonly type: string;
  readonly value: unknown;
  readonly definition: InternalSchemaElement;
}

/** Every element that is there, those of contained resources and of extensions of primitives included. */
export function elementsOf(resource: Resource): Element[] {
  const elements: Element[] = [];
  const visitor: CrawlerVisitor = {
    visitProperty(_parent, key, _path, values, schema) {
      const definition = schema.elements[key];
      for (const found of values.flat()) {
        const { path, type, value } = found;
        if (value !== undefined && definition !== undefined) {
          elements.push({ path, type, value, definition });
          walkExtensionsOfPrimitive(found, visitor);
        }
      }
    },
  };
  crawlTypedValue(toTypedValue(resource), visitor);
  return elements;
}

/** A primitive with extensions comes as an object that carries them; the walk itself takes every primitive for a leaf. */
function walkExtensionsOfPrimitive({ path, type, value }: TypedValueWithPath, visitor: CrawlerVisitor): void {
  if (isPrimitiveType(type) && typeof value === 'object' && value !== null && 'extension' in value) {
    crawlTypedValue({ type: 'Element', value: { extension: value.extension } }, visitor, { initialPath: path });
  }
}
