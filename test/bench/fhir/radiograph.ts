import { Readable } from 'node:stream';
import type { Artefact } from '@sightline/contracts';
import type { ObjectStore } from '@sightline/object-store';
import sharp from 'sharp';
import type { Show } from './ratio-to-server.ts';

/** As children's radiographs are: a detector's noise on what is smooth. */
const size = { width: 1_400, height: 1_200 };
const noise = { type: 'gaussian', mean: 128, sigma: 4 } as const;
const chest = `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}">
  <radialGradient id="air"><stop stop-opacity="0.8"/><stop offset="1" stop-opacity="0"/></radialGradient>
  <ellipse cx="450" cy="600" rx="280" ry="450" fill="url(#air)"/>
  <ellipse cx="950" cy="600" rx="280" ry="450" fill="url(#air)"/>
</svg>`;

/** As workers make maps: from few cells, at the size in which they are kept. */
const sizeOfMap = { width: 512, height: 439 };
const evidence = `<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64">
  <radialGradient id="heat"><stop stop-color="red" stop-opacity="0.6"/><stop offset="1" stop-color="#ffd200" stop-opacity="0"/></radialGradient>
  <circle cx="22" cy="38" r="18" fill="url(#heat)"/>
</svg>`;

/** Keeps a key image and a heat map as a worker does; what is given back puts them beside an answer, on the image of its finding. */
export async function keepRadiograph(objects: ObjectStore): Promise<Show> {
  const image = { objectKey: 'artefacts/bench/image.png', mediaType: 'image/png', ...size } as const;
  const map = { objectKey: 'artefacts/bench/map.png', mediaType: 'image/png', ...sizeOfMap } as const;
  await objects.write(image.objectKey, Readable.from([await keyImage()]));
  await objects.write(map.objectKey, Readable.from([await heatMap()]));
  return (answer) => {
    const { outcome } = answer;
    const [finding] = outcome.kind === 'findings' ? outcome.findings : [];
    const [source] = finding?.sources ?? [];
    if (outcome.kind !== 'findings' || finding === undefined || source === undefined)
      throw new Error('an answer with a finding on an image');
    const artefacts: Artefact[] = [
      { kind: 'key-image', source, ...image },
      { kind: 'heat-map', findingKey: finding.key, source, ...map },
    ];
    return { ...answer, outcome: { ...outcome, artefacts } };
  };
}

async function keyImage(): Promise<Buffer> {
  const detector = await sharp({ create: { ...size, channels: 3, background: 'black', noise } })
    .png()
    .toBuffer();
  return sharp(detector)
    .composite([{ input: Buffer.from(chest) }])
    .removeAlpha()
    .toColourspace('b-w')
    .png()
    .toBuffer();
}

async function heatMap(): Promise<Buffer> {
  return sharp(Buffer.from(evidence))
    .resize(sizeOfMap.width, sizeOfMap.height, { fit: 'fill', kernel: 'cubic' })
    .png()
    .toBuffer();
}
