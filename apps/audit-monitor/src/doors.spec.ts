import 'reflect-metadata';
import { RequestMethod } from '@nestjs/common';
import { expect, it } from '@jest/globals';
import { AuditEventController } from './audit-event.controller.ts';
import { ModelsController } from './models.controller.ts';

interface Door {
  kind: string;
  roles?: string[];
}

/** Every route the app's controllers open, and to whom. */
function doorsOf(controller: new (...parts: never[]) => object): string[] {
  const prefix = String(Reflect.getMetadata('path', controller));
  return Object.getOwnPropertyNames(controller.prototype).flatMap((name) => {
    const handler: unknown = Reflect.get(controller.prototype as object, name);
    if (typeof handler !== 'function' || !Reflect.hasMetadata('method', handler)) return [];
    const method = RequestMethod[Number(Reflect.getMetadata('method', handler))];
    const path = `/${prefix}/${String(Reflect.getMetadata('path', handler))}`.replaceAll(/\/+/g, '/');
    const door = (Reflect.getMetadata('sightline:door', handler) ??
      Reflect.getMetadata('sightline:door', controller)) as Door;
    return [`${method} ${path} ${door.kind === 'open' ? 'open' : door.roles?.join('|')}`];
  });
}

it('opens the trail to compliance, the models to operators, to be read to both, and has no other door', () => {
  expect([AuditEventController, ModelsController].flatMap(doorsOf).toSorted()).toEqual([
    'GET /fhir/AuditEvent compliance',
    'GET /fhir/AuditEvent/:id compliance',
    'GET /fhir/metadata compliance',
    'GET /models/ operator|compliance',
    'POST /models/:name/versions/:version/:decision operator',
  ]);
});
