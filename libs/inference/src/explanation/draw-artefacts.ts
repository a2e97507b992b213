import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Artefact, StudyContext } from '@sightline/contracts';
import type { ObjectStore } from '@sightline/object-store';
import type { Model } from '../models/model-repository.ts';
import type { Pipeline } from '../reading/pipeline.ts';
import { sourceOf, type ExplainedFrame } from '../reading/subject.ts';

import { drawHeatMap, heatMapSize, type Size } from './heat-map.ts';
import { drawKeyImage } from './key-image.ts';
import { drawRegion } from './region.ts';

/** Where pictures go: beside the study, under keys that no other attempt can have. */
export interface Place {
  objects: ObjectStore;
  study: StudyContext;
  /** Fencing token of the lease. */
  token: string;
}

type Kept = Pick<Artefact, 'source' | 'objectKey' | 'mediaType' | 'width' | 'height'>;

/**
 * The pictures beside an answer, in the object store: each frame as the model was shown it, where it was explained a map for each
 * output, and the regions its pipeline outlines. The map of a model whose maps were not measured to be faithful is withheld.
 */
export async function drawArtefacts(
  { model: { manifest }, pipeline }: { model: Pick<Model, 'manifest'>; pipeline: Pipeline },
  explained: readonly ExplainedFrame[],
  place: Place,
): Promise<Artefact[]> {
  const artefacts: Artefact[] = [];
  for (const each of explained) {
    const keep = keeper(each, manifest, place);
    artefacts.push({ kind: 'key-image', ...(await keep('image', await drawKeyImage(each.grey))) });
    const size = heatMapSize(each.grey);
    for (const output of manifest.explanation.faithful ? manifest.outputs : []) {
      const png = await drawHeatMap(output, each.answer, size);
      artefacts.push({ kind: 'heat-map', findingKey: output.key, ...(await keep(output.key, png, size)) });
    }
    for (const region of pipeline.outline?.(manifest, each) ?? []) {
      const kept = await keep(`${region.findingKey}-region`, await drawRegion(region, each.grey));
      artefacts.push({ kind: 'region', findingKey: region.findingKey, ...kept });
    }
  }
  return artefacts;
}

function keeper(
  { frame, grey }: ExplainedFrame,
  { name, version }: { name: string; version: string },
  { objects, study, token }: Place,
): (what: string, png: Buffer, size?: Size) => Promise<Kept> {
  const source = sourceOf(frame);
  const folder = `artefacts/${study.studyInstanceUid}/${study.revision}/${name}/${version}`;
  const image = source.frame === undefined ? source.sopInstanceUid : `${source.sopInstanceUid}-${source.frame}`;
  return async (what, png, { width, height } = grey) => {
    const objectKey = `${folder}/${image}-${what}-${token}-${randomUUID()}.png`;
    await objects.write(objectKey, Readable.from([png]));
    return { source, width, height, objectKey, mediaType: 'image/png' };
  };
}
