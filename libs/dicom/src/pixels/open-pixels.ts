import { parseDataSet, type DataSet } from '../data-set.ts';
import { readFileMeta } from '../file-meta.ts';
import {
  deflatedExplicitVrLittleEndian,
  elementEncoding,
  transferSyntaxName,
  type ElementEncoding,
} from '../transfer-syntax.ts';
import { bytesSource, type ByteSource } from './byte-source.ts';
import { decoderOf } from './decode-codestream.ts';
import { describePixels, type PixelDescription } from './describe-pixels.ts';
import { findPixels, firstOfPixels, type PixelElement } from './find-pixels.ts';
import { inflate, joined } from './inflate.ts';
import { tooShort } from './native-frames.ts';
import { compressedFrames, nativeFrames, PixelImage } from './pixel-image.ts';
import { refusing, unsupported, type Unsupported } from './unsupported.ts';

export type OpenedPixels = { kind: 'image'; image: PixelImage } | Unsupported;

/** What is read at once of the attributes before the pixels, first and at most. */
const firstHeaderBytes = 1 << 16;
const mostHeaderBytes = 1 << 27;

/** Functional groups hold some seventy elements a frame, and there are instances of several thousand frames. */
const mostHeaderElements = 1_000_000;

/** A deflated data set is turned back in memory. */
const mostInflated = 1 << 29;

/**
 * Opens the pixels of a Part 10 file: reads the attributes before them and where they lie, never the whole object. Every refusal has a
 * reason that can stand in a report; never throws on malformed input.
 */
export function openPixels(source: ByteSource): Promise<OpenedPixels> {
  return refusing(() => open(source));
}

async function open(source: ByteSource): Promise<OpenedPixels> {
  const read = readMeta(await source.read(0, Math.min(source.size, firstHeaderBytes)));
  if (read.kind === 'invalid') return unsupported(read.reason);
  const { transferSyntaxUid, dataSetOffset } = read.meta;
  const encoding = elementEncoding(transferSyntaxUid);
  if (transferSyntaxUid !== deflatedExplicitVrLittleEndian)
    return openDataSet(source, dataSetOffset, encoding, transferSyntaxUid);
  const deflated = await source.read(dataSetOffset, source.size - dataSetOffset);
  return openDataSet(bytesSource(await inflate(deflated, mostInflated)), 0, encoding, transferSyntaxUid);
}

/** Some writers leave the preamble out and begin with the group of the file meta information. */
function readMeta(bytes: Uint8Array): ReturnType<typeof readFileMeta> {
  if (bytes[0] !== 0x02 || bytes[1] !== 0) return readFileMeta(bytes);
  const read = readFileMeta(joined([preamble, bytes], preamble.length + bytes.length));
  if (read.kind === 'invalid') return read;
  return { kind: 'meta', meta: { ...read.meta, dataSetOffset: read.meta.dataSetOffset - preamble.length } };
}

const preamble = new TextEncoder().encode('DICM'.padStart(132, '\0'));

async function openDataSet(
  source: ByteSource,
  offset: number,
  encoding: ElementEncoding,
  transferSyntaxUid: string,
): Promise<OpenedPixels> {
  const header = await readAttributes(source, offset, encoding);
  if (header.kind === 'unsupported') return header;
  const { dataSet, end } = header;
  const found = await findPixels(source, end, encoding);
  if (found.kind === 'unsupported') return found;
  const described = describePixels(dataSet, transferSyntaxUid, found.element);
  if (described.kind === 'unsupported') return described;
  return imageOf(source, found, described.description, dataSet);
}

/** Attributes up to the pixels, by as much of the source as they take. */
async function readAttributes(
  source: ByteSource,
  offset: number,
  encoding: ElementEncoding,
): Promise<{ kind: 'attributes'; dataSet: DataSet; end: number } | Unsupported> {
  for (let length = firstHeaderBytes; ; length *= 4) {
    const bytes = await source.read(offset, Math.min(length, source.size - offset));
    const whole = offset + bytes.length >= source.size;
    const parsed = parseDataSet(bytes, encoding, { untilTag: firstOfPixels, elements: mostHeaderElements });
    if (parsed.kind === 'data-set' && (whole || parsed.end < bytes.length))
      return { kind: 'attributes', dataSet: parsed.dataSet, end: offset + parsed.end };
    if (parsed.kind === 'invalid' && whole) return unsupported(parsed.reason);
    if (length >= mostHeaderBytes) return unsupported(`more than ${mostHeaderBytes} bytes before the pixels`);
  }
}

function imageOf(
  source: ByteSource,
  element: PixelElement,
  description: PixelDescription,
  dataSet: DataSet,
): OpenedPixels {
  const image = (read: ConstructorParameters<typeof PixelImage>[2]): OpenedPixels => ({
    kind: 'image',
    image: new PixelImage(description, dataSet, read),
  });
  const { transferSyntaxUid } = description;
  const decode = decoderOf(transferSyntaxUid);
  if (decode === undefined && !isNative(transferSyntaxUid))
    return unsupported(`transfer syntax ${transferSyntaxName(transferSyntaxUid)}`);
  if ((decode === undefined) !== (element.length !== undefined))
    return unsupported(`pixels ${decode ? 'outside' : 'in'} fragments in ${transferSyntaxName(transferSyntaxUid)}`);
  if (decode !== undefined) return image(compressedFrames(source, element, description, decode));
  const short = tooShort(description, element.length ?? 0);
  if (short !== undefined) return unsupported(short);
  return image(nativeFrames(source, element, description, dataSet.littleEndian));
}

/** Implicit and Explicit VR Little Endian, Deflated, and the retired Big Endian (PS3.5 A.1–A.3, A.5). */
function isNative(transferSyntaxUid: string): boolean {
  return /^1\.2\.840\.10008\.1\.2(\.1|\.1\.99|\.2)?$/.test(transferSyntaxUid);
}
