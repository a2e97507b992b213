import { readImage } from './read-image.ts';
import { readVolume, type SeriesObject } from './read-volume.ts';
import type { Read, Reader, Reading } from './reading.ts';

/**
 * What one model says of the objects of a request, by the unit it answers in: each image alone, or the volume they make. An object
 * that is no image leaves the others to be read; a failure that may pass is the last reading there is. `beyondGates` asks the model
 * of what the gates refuse, too. Rejects only with the signal's reason.
 */
export async function* readObjects(
  reader: Reader,
  objects: AsyncIterable<Read<SeriesObject>>,
  options: { signal: AbortSignal; beyondGates?: boolean },
): AsyncGenerator<Reading> {
  const { manifest } = reader.model;
  const series: SeriesObject[] = [];
  for await (const object of objects) {
    if (object.kind === 'failed') {
      yield object;
      if (object.failure.kind === 'invalid-input') continue;
      return;
    }
    const gate = reader.pipeline.gate(manifest, object.value.header);
    if (gate.kind === 'refused' && options.beyondGates !== true) yield gate;
    else if (manifest.answer.unit === 'image') yield* await readImage(reader, object.value, options);
    else series.push(object.value);
  }
  if (series.length > 0) yield await readVolume(reader, series, options);
}
