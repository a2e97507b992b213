import { type ImagingStudy, type ImagingStudySeries, type ImagingStudySeriesInstance } from '@medplum/fhirtypes';
import { modalityCoding } from './coding.ts';
import { accessionIdentifier, dicomUid } from './identifiers.ts';
import { type ImageOfResult } from '@sightline/findings';
import type { ResultInChart } from './result-in-chart.ts';

/** Meta.source of a study we described ourselves because the chart had none: only such a one do we ever update. */
export const ourSource = 'https://sightline.dev/fhir-writer';

/** The study as far as the model was shown it; made only where the chart has none (the PACS's own lists everything). */
export function imagingStudy(set: ResultInChart): ImagingStudy {
  const { study, images, patient, orders, encounter, endpoint } = set;
  const accession = accessionIdentifier(study);
  return {
    resourceType: 'ImagingStudy',
    meta: { source: ourSource },
    identifier: [dicomUid(study.studyInstanceUid), ...(accession === undefined ? [] : [accession])],
    status: 'available',
    subject: { reference: patient },
    modality: study.modalities.map(modalityCoding),
    ...(encounter === undefined ? {} : { encounter: { reference: encounter } }),
    ...(study.startedAt === undefined ? {} : { started: study.startedAt }),
    ...(orders.length === 0 ? {} : { basedOn: orders.map((reference) => ({ reference })) }),
    ...(endpoint === undefined ? {} : { endpoint: [{ reference: endpoint }] }),
    ...(study.description === undefined ? {} : { description: study.description }),
    series: seriesOf(images),
  };
}

/** HAPI keeps the source with the id of the request behind `#`. */
export function isOurStudy(study: ImagingStudy): boolean {
  return study.meta?.source?.split('#')[0] === ourSource;
}

/** Our description with what newer images add, under the patient they are of; undefined where there is nothing to change. */
export function withNewImages(known: ImagingStudy, wanted: ImagingStudy): ImagingStudy | undefined {
  const uids = new Set(known.series?.flatMap(({ instance }) => instance?.map(({ uid }) => uid) ?? []));
  const missing = wanted.series?.some(({ instance }) => instance?.some(({ uid }) => !uids.has(uid))) ?? false;
  const isOfAnother = !(known.subject.reference?.endsWith(wanted.subject.reference ?? '') ?? false);
  if (!missing && !isOfAnother) {
    return undefined;
  }
  const series = new Map((known.series ?? []).map((one) => [one.uid, one]));
  for (const one of wanted.series ?? []) {
    const instances = new Map(
      [...(series.get(one.uid)?.instance ?? []), ...(one.instance ?? [])].map((i) => [i.uid, i]),
    );
    series.set(one.uid, { ...one, instance: [...instances.values()] });
  }
  return { ...known, subject: wanted.subject, series: [...series.values()] };
}

function seriesOf(images: readonly ImageOfResult[]): ImagingStudySeries[] {
  const series = new Map<string, ImagingStudySeries & { instance: ImagingStudySeriesInstance[] }>();
  for (const image of images) {
    const one = series.get(image.seriesInstanceUid) ?? {
      uid: image.seriesInstanceUid,
      modality: modalityCoding(image.modality),
      instance: [],
    };
    if (!one.instance.some(({ uid }) => uid === image.sopInstanceUid)) {
      one.instance.push({
        uid: image.sopInstanceUid,
        sopClass: { system: 'urn:ietf:rfc:3986', code: `urn:oid:${image.sopClassUid}` },
      });
    }
    series.set(image.seriesInstanceUid, one);
  }
  return [...series.values()];
}
