const rightToLeft = String.raw`\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Nko}\p{Script=Syriac}\p{Script=Thaana}`;

/** Words that run from right to left, with the spaces between them; or whatever stands between those. */
const stretches = new RegExp(
  String.raw`[${rightToLeft}](?:[${rightToLeft}\p{M} ]*[${rightToLeft}\p{M}])?|[^${rightToLeft}]+`,
  'gu',
);

const firstRightToLeft = new RegExp(`^[${rightToLeft}]`, 'u');

/**
 * A line in stretches of one direction, in the order in which they stand from left to right. The line itself runs from left to
 * right, as ours do; the typeface turns each stretch by its script.
 */
export function stretchesOf(line: string): string[] {
  return line.match(stretches) ?? [];
}

/** True of a stretch whose words are set together, in their own order. */
export function runsRightToLeft(stretch: string): boolean {
  return firstRightToLeft.test(stretch);
}
