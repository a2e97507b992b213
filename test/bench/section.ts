import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const page = join(import.meta.dirname, '../../docs/benchmarks.md');

/** A section of docs/benchmarks.md: what one bench measured, when it last ran with `--write`. */
export interface Section {
  title: string;
  lines: readonly string[];
}

export function textOf({ title, lines }: Section): string {
  return [`## ${title}`, '', ...lines, ''].join('\n');
}

export async function keepSection(section: Section): Promise<void> {
  await writeFile(page, withSection(await readFile(page, 'utf8'), section));
}

/** A page with a section in place of the one of its title, or after the others; those stay as they are. */
export function withSection(text: string, section: Section): string {
  const [head = '', ...others] = text.split(/^(?=## )/m);
  const mine = textOf(section);
  const at = others.findIndex((one) => one.startsWith(`## ${section.title}\n`));
  const all = at === -1 ? [...others, mine] : others.with(at, mine);
  return [head, ...all].map((one) => `${one.trimEnd()}\n`).join('\n');
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
