import { Undecodable } from '../../unsupported.ts';

/** For every 16 bits that may come next: length of the code they begin with × 256 + its symbol; 0 where they begin none. */
export type HuffmanTable = Uint16Array;

export type HuffmanTables = Map<number, HuffmanTable>;

/** Tables of a DHT segment by class × 16 + destination (ITU-T T.81 B.2.4.2, Annex C). */
export function readHuffmanTables(payload: Uint8Array, tables: HuffmanTables): void {
  for (let at = 0; at < payload.length;) {
    const counts = payload.subarray(at + 1, at + 17);
    const symbols = payload.subarray(at + 17, at + 17 + counts.reduce((sum, count) => sum + count, 0));
    tables.set(payload[at] ?? 0, huffmanTable(counts, symbols));
    at += 17 + symbols.length;
  }
}

function huffmanTable(counts: Uint8Array, symbols: Uint8Array): HuffmanTable {
  const table = new Uint16Array(1 << 16);
  let from = 0;
  let next = 0;
  for (let length = 1; length <= 16; length++) {
    for (let i = 0; i < (counts[length - 1] ?? 0); i++) {
      const to = from + (1 << (16 - length));
      const symbol = symbols[next++];
      if (to > table.length || symbol === undefined) throw new Undecodable('a Huffman table is malformed');
      table.fill(length * 256 + symbol, from, to);
      from = to;
    }
  }
  return table;
}
