/**
 * One pass over eight values, `step` apart: the even part by two rotations, the odd one by Loeffler, Ligtenberg and Moschytz. Most
 * blocks hold few coefficients: where only the first of the eight is there, all come out as it.
 */
function pass(values: Int32Array, at: number, step: number, shift: number): void {
  const v0 = values[at] ?? 0;
  const v1 = values[at + step] ?? 0;
  const v2 = values[at + 2 * step] ?? 0;
  const v3 = values[at + 3 * step] ?? 0;
  const v4 = values[at + 4 * step] ?? 0;
  const v5 = values[at + 5 * step] ?? 0;
  const v6 = values[at + 6 * step] ?? 0;
  const v7 = values[at + 7 * step] ?? 0;
  const round = 1 << (shift - 1);
  if ((v1 | v2 | v3 | v4 | v5 | v6 | v7) === 0) {
    const flat = (v0 * 8192 + round) >> shift;
    for (let i = 0; i < 8; i++) values[at + i * step] = flat;
    return;
  }
  const rotated = (v2 + v6) * 4433;
  const even2 = rotated - v6 * 15137;
  const even3 = rotated + v2 * 6270;
  const even0 = (v0 + v4) * 8192 + round;
  const even1 = (v0 - v4) * 8192 + round;
  const z5 = (v7 + v3 + v5 + v1) * 9633;
  const z1 = (v7 + v1) * -7373;
  const z2 = (v5 + v3) * -20995;
  const z3 = (v7 + v3) * -16069 + z5;
  const z4 = (v5 + v1) * -3196 + z5;
  const odd0 = v7 * 2446 + z1 + z3;
  const odd1 = v5 * 16819 + z2 + z4;
  const odd2 = v3 * 25172 + z2 + z3;
  const odd3 = v1 * 12299 + z1 + z4;
  values[at] = (even0 + even3 + odd3) >> shift;
  values[at + step] = (even1 + even2 + odd2) >> shift;
  values[at + 2 * step] = (even1 - even2 + odd1) >> shift;
  values[at + 3 * step] = (even0 - even3 + odd0) >> shift;
  values[at + 4 * step] = (even0 - even3 - odd0) >> shift;
  values[at + 5 * step] = (even1 - even2 - odd1) >> shift;
  values[at + 6 * step] = (even1 + even2 - odd2) >> shift;
  values[at + 7 * step] = (even0 + even3 - odd3) >> shift;
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
