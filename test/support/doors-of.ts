import 'reflect-metadata';
import { RequestMethod, type Type } from '@nestjs/common';

type Door = { kind: 'open' } | { kind: 'roles'; roles: readonly string[] } | undefined;

/** Every route that the controllers open, and to whom, sorted: `GET /models/ operator|compliance`. */
export function doorsOf(...controllers: Type[]): string[] {
  return controllers.flatMap(routesOf).toSorted();
}

function routesOf(controller: Type): string[] {
  const prefix = String(Reflect.getMetadata('path', controller));
  const prototype = controller.prototype as object;
  return Object.getOwnPropertyNames(prototype).flatMap((name) => {
    const handler: unknown = Reflect.get(prototype, name);
    if (typeof handler !== 'function' || !Reflect.hasMetadata('method', handler)) return [];
    const method = RequestMethod[Number(Reflect.getMetadata('method', handler))];
    const path = `/${prefix}/${String(Reflect.getMetadata('path', handler))}`.replaceAll(/\/+/g, '/');
    return [`${method} ${path} ${visitors(handler, controller)}`];
  });
}

function visitors(...from: object[]): string {
  const [door] = from.map((each) => Reflect.getMetadata('sightline:door', each) as Door).filter(Boolean);
  if (door === undefined) return 'nobody';
  return door.kind === 'open' ? 'open' : door.roles.join('|');
}
