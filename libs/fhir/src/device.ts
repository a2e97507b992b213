import { codes } from '@sightline/findings';
import { type Device } from '@medplum/fhirtypes';
import { codeable } from './coding.ts';
import { identifierSystems } from './identifiers.ts';
import { type ModelOfResult } from '@sightline/findings';

/** The mesh itself: parent of every algorithm that runs in it. */
export function meshDevice(): Device {
  return {
    resourceType: 'Device',
    identifier: [{ system: identifierSystems.mesh, value: 'sightline' }],
    status: 'active',
    deviceName: [{ name: 'Sightline', type: 'user-friendly-name' }],
    type: { text: 'Imaging AI platform' },
  };
}

/** The algorithm: one Device per model version (DICOM TID 4019: name, version, family). `parent` is a reference. */
export function algorithmDevice(model: ModelOfResult, parent: string): Device {
  return {
    resourceType: 'Device',
    identifier: [{ system: identifierSystems.model, value: `${model.name}@${model.version}` }],
    status: 'active',
    deviceName: [
      { name: model.title, type: 'user-friendly-name' },
      { name: model.name, type: 'model-name' },
    ],
    type: codeable(codes.dicom.artificialIntelligence),
    version: [
      { type: codeable(codes.dicom.algorithmVersion), value: model.version },
      { type: { text: 'SHA-256 of the model file' }, value: model.sha256 },
    ],
    note: [{ text: model.intendedUse }],
    parent: { reference: parent },
  };
}
