import { decodeMonochromePixels } from '@sightline/dicom';
import sharp from 'sharp';

/** A stored DICOM image as PNG, 8-bit grey after its own window, or why it cannot be drawn here. */
export async function drawImage(
  part10: Uint8Array,
): Promise<{ kind: 'png'; png: Buffer } | { kind: 'unsupported'; reason: string }> {
  const decoded = await decodeMonochromePixels(part10);
  if (decoded.kind === 'unsupported') return decoded;
  const { width, height, values } = decoded;
  const grey = Uint8ClampedArray.from(values);
  const png = await sharp(grey, { raw: { width, height, channels: 1 } })
    .png({ compressionLevel: 3 })
    .toBuffer();
  return { kind: 'png', png };
}
