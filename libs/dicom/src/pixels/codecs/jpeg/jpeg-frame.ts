import { Undecodable } from '../../unsupported.ts';
import type { FrameHeader } from './frame-header.ts';
import type { HuffmanTable } from './huffman-table.ts';

/** One component of a frame and the samples decoded of it. */
export interface Component {
  id: number;
  horizontal: number;
  vertical: number;
  quantization: number;
  /** Samples the component has, without what fills up its last blocks (ITU-T T.81 A.1.1). */
  width: number;
  height: number;
  /** Samples from one row of `plane` to the next. */
  stride: number;
  plane: Uint8Array | Uint16Array;
  decoded: boolean;
}

export interface JpegFrame {
  header: FrameHeader;
  /** Most samples of any component in one MCU. */
  horizontal: number;
  vertical: number;
  components: Component[];
}

/** A component in one scan, with the tables it is coded by. */
export interface ScanComponent {
  component: Component;
  dc: HuffmanTable;
  ac: HuffmanTable | undefined;
}

/** Room for a frame whose header was found to agree with the instance. */
export function frameFor(header: FrameHeader, block: number): JpegFrame {
  const sampling = header.components.flatMap(({ horizontal, vertical }) => [horizontal, vertical]);
  if (sampling.some((factor) => factor < 1 || factor > 4)) throw new Undecodable('sampling factors beyond 1 to 4');
  const horizontal = Math.max(...header.components.map((component) => component.horizontal));
  const vertical = Math.max(...header.components.map((component) => component.vertical));
  const across = Math.ceil(header.columns / (block * horizontal));
  const down = Math.ceil(header.rows / (block * vertical));
  const components = header.components.map((component) => {
    const stride = across * component.horizontal * block;
    const length = stride * down * component.vertical * block;
    return {
      ...component,
      width: Math.ceil((header.columns * component.horizontal) / horizontal),
      height: Math.ceil((header.rows * component.vertical) / vertical),
      stride,
      plane: header.precision > 8 ? new Uint16Array(length) : new Uint8Array(length),
      decoded: false,
    };
  });
  return { header, horizontal, vertical, components };
}
