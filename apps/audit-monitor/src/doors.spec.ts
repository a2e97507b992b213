import { expect, it } from '@jest/globals';
import { doorsOf } from '../../../test/support/doors-of.ts';
import { AuditEventController } from './audit-event.controller.ts';
import { ModelsController } from './models.controller.ts';

it('opens the trail to compliance, the models to operators, to be read to both, and has no other door', () => {
  expect(doorsOf(AuditEventController, ModelsController)).toEqual([
    'GET /fhir/AuditEvent compliance',
    'GET /fhir/AuditEvent/:id compliance',
    'GET /fhir/metadata compliance',
    'GET /models/ operator|compliance',
    'POST /models/:name/versions/:version/:decision operator',
  ]);
});
