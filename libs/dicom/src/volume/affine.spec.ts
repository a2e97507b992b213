import { describe, expect, it } from '@jest/globals';
import { apply, compose, invert, matrixOf, type Affine } from './affine.ts';
import type { Vector } from './vector.ts';

const sheared: Affine = {
  axes: [
    [0.7, 0, 0],
    [0, 0.8, 0.1],
    [0.2, 1.7, 4.7],
  ],
  origin: [-120, 40, 900],
};

const close = (a: Vector, b: Vector): void => a.forEach((x, i) => expect(x).toBeCloseTo(b[i] ?? NaN, 9));

describe('an affine', () => {
  it('is undone by its inverse, shear and all', () => {
    const point: Vector = [17.5, 3, -8.25];
    close(apply(invert(sheared), apply(sheared, point)), point);
    close(apply(compose(sheared, invert(sheared)), point), point);
  });

  it('writes its matrix row by row with the origin in the last column', () => {
    expect(matrixOf(sheared)).toEqual([0.7, 0, 0.2, -120, 0, 0.8, 1.7, 40, 0, 0.1, 4.7, 900, 0, 0, 0, 1]);
  });
});
