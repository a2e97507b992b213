import 'reflect-metadata';
import { RequestMethod } from '@nestjs/common';
import { expect, it } from '@jest/globals';
import { AboutController } from './about.controller.ts';
import { PageController } from './page.controller.ts';
import { SignInController } from './sign-in.controller.ts';
import { StudiesController } from './studies.controller.ts';

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

it('opens these doors, to these people, and no other', () => {
  const doors = [StudiesController, AboutController, SignInController, PageController].flatMap(doorsOf);
  expect(doors.toSorted()).toEqual([
    'GET / open',
    'GET /api/me clinician|radiologist',
    'GET /api/models/:name/:version clinician|radiologist',
    'GET /api/models/:name/:version/card clinician|radiologist',
    'GET /api/studies/ clinician|radiologist',
    'GET /api/studies/:uid clinician|radiologist',
    'GET /api/studies/:uid/heat-maps/:findingKey/:file clinician|radiologist',
    'GET /api/studies/:uid/images/:file clinician|radiologist',
    'GET /api/studies/:uid/reports/:model clinician|radiologist',
    'GET /auth/callback open',
    'GET /auth/login open',
    'GET /studies/:uid open',
    'POST /auth/logout open',
  ]);
});
