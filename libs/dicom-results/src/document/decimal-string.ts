/** Longest value of a DS, in characters (PS3.5 Table 6.2-1). */
const longest = 16;

/** A finite number as a DS, and whether it is that number to the bit. */
export function decimalString(value: number): { text: string; exact: boolean } {
  const shortest = String(value);
  const text = shortest.length <= longest ? shortest : rounded(value);
  return { text, exact: Object.is(Number(text), value) };
}

/** With as many digits as fit; near the largest doubles, as few as do not round to infinity. */
function rounded(value: number): string {
  for (let digits = longest; digits > 1; digits--) {
    const text = value.toPrecision(digits);
    const fitting = [String(Number(text)), text].find((form) => form.length <= longest);
    if (fitting !== undefined && Number.isFinite(Number(text))) return fitting;
  }
  return value.toPrecision(1);
}

/** Several numbers as one attribute's values. */
export function decimalStrings(values: readonly number[]): string {
  return values.map((value) => decimalString(value).text).join('\\');
}
