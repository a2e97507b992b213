import type { Component, JpegFrame } from './jpeg-frame.ts';

type Plane = Uint8Array | Uint16Array;

/** Samples of all components beside each other, those with fewer than others brought to full size (ITU-T T.81 A.1.1). */
export function fullSizeCells({ header, horizontal, vertical, components }: JpegFrame): Plane {
  const { rows, columns, precision } = header;
  const count = components.length;
  const cells = precision > 8 ? new Uint16Array(rows * columns * count) : new Uint8Array(rows * columns * count);
  components.forEach((component, i) => {
    const { plane, stride, across, down } = enlarged(component, horizontal, vertical);
    for (let row = 0; row < rows; row++) {
      const from = Math.floor(row / down) * stride;
      for (let column = 0, to = row * columns * count + i; column < columns; column++, to += count)
        cells[to] = plane[from + (across === 1 ? column : Math.floor(column / across))] ?? 0;
    }
  });
  return cells;
}

interface Enlarged {
  plane: Plane;
  stride: number;
  /** Pixels that still share one sample. */
  across: number;
  down: number;
}

/** Halved components are interpolated between the centres of their samples, as other readers do; other ratios repeat them. */
function enlarged(component: Component, horizontal: number, vertical: number): Enlarged {
  const { width } = component;
  let { plane, stride } = component;
  let across = horizontal / component.horizontal;
  let down = vertical / component.vertical;
  if (down === 2) {
    plane = twiceAsHigh(plane, stride, component.height);
    down = 1;
  }
  if (across === 2) {
    plane = twiceAsWide(plane, stride, width, plane.length / stride);
    stride *= 2;
    across = 1;
  }
  return { plane, stride, across, down };
}

function twiceAsHigh(plane: Plane, stride: number, height: number): Plane {
  const tall = plane instanceof Uint8Array ? new Uint8Array(plane.length * 2) : new Uint16Array(plane.length * 2);
  for (let row = 0; row < height; row++) {
    const at = row * stride;
    const above = Math.max(0, row - 1) * stride;
    const below = Math.min(height - 1, row + 1) * stride;
    for (let i = 0; i < stride; i++) {
      const near = 3 * (plane[at + i] ?? 0);
      tall[at * 2 + i] = (near + (plane[above + i] ?? 0) + 1) >> 2;
      tall[at * 2 + stride + i] = (near + (plane[below + i] ?? 0) + 2) >> 2;
    }
  }
  return tall;
}

function twiceAsWide(plane: Plane, stride: number, width: number, height: number): Plane {
  const wide = plane instanceof Uint8Array ? new Uint8Array(plane.length * 2) : new Uint16Array(plane.length * 2);
  for (let row = 0; row < height; row++) {
    const at = row * stride;
    for (let i = 0; i < width; i++) {
      const near = 3 * (plane[at + i] ?? 0);
      wide[(at + i) * 2] = (near + (plane[at + Math.max(0, i - 1)] ?? 0) + 1) >> 2;
      wide[(at + i) * 2 + 1] = (near + (plane[at + Math.min(width - 1, i + 1)] ?? 0) + 2) >> 2;
    }
  }
  return wide;
}
