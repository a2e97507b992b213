import { expect, it } from '@jest/globals';
import { doorsOf } from '../../../test/support/doors-of.ts';
import { AboutController } from './about.controller.ts';
import { PageController } from './page.controller.ts';
import { ReviewsController } from './reviews.controller.ts';
import { SignInController } from './sign-in.controller.ts';
import { StudiesController } from './studies.controller.ts';

it('opens these doors, to these people, and no other', () => {
  expect(doorsOf(StudiesController, ReviewsController, AboutController, SignInController, PageController)).toEqual([
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
    'POST /api/studies/:uid/reports/:model/review clinician|radiologist',
    'POST /auth/logout open',
  ]);
});
