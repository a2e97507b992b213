import { encodePart10, ownDevice, readHeader, type DicomHeader, type WritableDataset } from '@sightline/dicom';
import { describe, expect, it } from '@jest/globals';
import { leaveOut } from './leave-out.ts';
import { moreUrgent, priorityOf } from './priority.ts';

function header(dataset: WritableDataset): DicomHeader {
  const read = readHeader(
    encodePart10({
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
      SOPInstanceUID: '2.25.1',
      StudyInstanceUID: '1.2.3',
      SeriesInstanceUID: '1.2.4',
      Modality: 'CT',
      ...dataset,
    }),
  );
  if (read.kind === 'invalid') throw new Error(read.reason);
  return read.header;
}

describe('leaveOut', () => {
  it.each<[string, WritableDataset, string | undefined]>([
    ['an axial slice', { ImageType: 'ORIGINAL\\PRIMARY\\AXIAL' }, undefined],
    ['a localizer', { ImageType: 'ORIGINAL\\PRIMARY\\LOCALIZER' }, 'localizer'],
    ['a dose report by its description', { SeriesDescription: 'Dose Report' }, 'dose-screen'],
    ['a patient protocol', { SeriesDescription: 'Patient Protocol' }, 'dose-screen'],
    ['a dose screen by its image type', { ImageType: 'DERIVED\\SECONDARY\\SCREEN SAVE\\DOSE_INFO' }, 'dose-screen'],
    ['a dose report as SR', { SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.67', Modality: 'SR' }, 'dose-screen'],
    ['another SR', { SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.11', Modality: 'SR' }, 'not-an-image'],
    ['a segmentation', { SOPClassUID: '1.2.840.10008.5.1.4.1.1.66.4', Modality: 'SEG' }, 'not-an-image'],
    ['a phantom by series', { SeriesDescription: 'Daily QA' }, 'qa-phantom'],
    ['a phantom by patient', { PatientID: 'PHANTOM01' }, 'qa-phantom'],
    [
      'our own capture',
      { Manufacturer: ownDevice.manufacturer, ManufacturerModelName: ownDevice.modelName },
      'own-output',
    ],
    ["another maker's capture under the same UID root", { Manufacturer: 'Other' }, undefined],
  ])('%s', (_name, dataset, reason) => {
    expect(leaveOut(header(dataset))).toBe(reason);
  });
});

describe('priorityOf', () => {
  it.each([
    ['STAT', 'stat'],
    ['HIGH', 'urgent'],
    ['ROUTINE', 'routine'],
    ['LOW', 'routine'],
  ])('%s is %s', (term, priority) => {
    expect(priorityOf(header({ RequestedProcedurePriority: term }))).toBe(priority);
  });

  it('is routine where nobody said otherwise', () => {
    expect(priorityOf(header({}))).toBe('routine');
  });

  it('takes the more urgent of two', () => {
    expect(moreUrgent('routine', 'stat')).toBe('stat');
    expect(moreUrgent('urgent', 'routine')).toBe('urgent');
  });
});
