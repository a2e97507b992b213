/** One pass over eight values, `step` apart: the even part by two rotations, the odd one by Loeffler, Ligtenberg and Moschytz. */
function pass(values: Int32Array, at: number, step: number, shift: number): void {
  const v = (i: number): number => values[at + i * step] ?? 0;
  const round = 1 << (shift - 1);
  const put = (i: number, value: number): void => {
    values[at + i * step] = (value + round) >> shift;
  };
  const rotated = (v(2) + v(6)) * 4433;
  const even2 = rotated - v(6) * 15137;
  const even3 = rotated + v(2) * 6270;
  const even0 = (v(0) + v(4)) * 8192;
  const even1 = (v(0) - v(4)) * 8192;
  const z5 = (v(7) + v(3) + v(5) + v(1)) * 9633;
  const z1 = (v(7) + v(1)) * -7373;
  const z2 = (v(5) + v(3)) * -20995;
  const z3 = (v(7) + v(3)) * -16069 + z5;
  const z4 = (v(5) + v(1)) * -3196 + z5;
  const odd0 = v(7) * 2446 + z1 + z3;
  const odd1 = v(5) * 16819 + z2 + z4;
  const odd2 = v(3) * 25172 + z2 + z3;
  const odd3 = v(1) * 12299 + z1 + z4;
  put(0, even0 + even3 + odd3);
  put(7, even0 + even3 - odd3);
  put(1, even1 + even2 + odd2);
  put(6, even1 + even2 - odd2);
  put(2, even1 - even2 + odd1);
  put(5, even1 - even2 - odd1);
  put(3, even0 - even3 + odd0);
  put(4, even0 - even3 - odd0);
}

/**
 * Inverse DCT of one block in place (ITU-T T.81 A.3.3), in the integers of 13 bits that the Independent JPEG Group's decoder made
 * everybody's, so that lossy frames agree with other readers to the last bit.
 */
export function inverseDct(block: Int32Array, precision: number): void {
  const guard = precision === 8 ? 2 : 1;
  for (let column = 0; column < 8; column++) pass(block, column, 8, 13 - guard);
  for (let row = 0; row < 64; row += 8) pass(block, row, 1, 16 + guard);
}
