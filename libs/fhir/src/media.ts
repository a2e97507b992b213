import { type Media } from '@medplum/fhirtypes';
import { modalityCoding } from './coding.ts';
import { dicomUid } from './identifiers.ts';
import { type ImageOfResult } from '@sightline/findings';
import type { ResultInChart } from './result-in-chart.ts';

/**
 * One image a finding was made on: says which, holds no pixels. It is the scanner's image and not AI's, so it carries no
 * AI label.
 */
export function media(image: ImageOfResult, { study, patient }: ResultInChart, imagingStudy: string): Media {
  return {
    resourceType: 'Media',
    identifier: [dicomUid(image.sopInstanceUid)],
    partOf: [{ reference: imagingStudy }],
    status: 'completed',
    subject: { reference: patient },
    modality: { coding: [modalityCoding(image.modality)] },
    ...(study.startedAt === undefined ? {} : { createdDateTime: study.startedAt }),
    content: { contentType: 'application/dicom', title: `SOP Instance ${image.sopInstanceUid}` },
  };
}
