import 'reflect-metadata';
import { expect, it } from '@jest/globals';
import { AuditEventController } from './audit-event.controller.ts';

it('opens its routes to compliance alone, and has no others', () => {
  const routes = Object.getOwnPropertyNames(AuditEventController.prototype).flatMap((name) => {
    const handler: unknown = Reflect.get(AuditEventController.prototype, name);
    return typeof handler === 'function' && Reflect.hasMetadata('method', handler)
      ? [
          {
            path: String(Reflect.getMetadata('path', handler)),
            door: Reflect.getMetadata('sightline:door', handler) as unknown,
          },
        ]
      : [];
  });
  expect(routes.map(({ path }) => path).toSorted()).toEqual(['AuditEvent', 'AuditEvent/:id', 'metadata']);
  expect(routes.every(({ door }) => door === undefined)).toBe(true);
  expect(Reflect.getMetadata('sightline:door', AuditEventController)).toEqual({ kind: 'roles', roles: ['compliance'] });
});
