import { z } from 'zod';

const versionSchema = z.object({
  version: z.string(),
  role: z.string(),
  decidedBy: z.string(),
  decidedAt: z.string(),
  reason: z.string(),
  missing: z.array(z.string()),
  agreement: z.object({ studies: z.number(), agreed: z.number() }).optional(),
});

/** What `GET /models` answers. */
export const statusSchema = z.object({
  models: z.array(z.object({ name: z.string(), revision: z.number(), versions: z.array(versionSchema) })),
  refused: z.array(z.object({ folder: z.string(), reason: z.string() })),
});

/** What a decision answers. */
export const decidedSchema = z.object({
  name: z.string(),
  revision: z.number(),
  moves: z.array(z.object({ version: z.string(), from: z.string().optional(), to: z.string() })),
  decidedAt: z.string().optional(),
});

export type Status = z.infer<typeof statusSchema>;
export type Decided = z.infer<typeof decidedSchema>;

/** One row per version: how often it said as a shadow what the primary said, and what it lacks to be primary. */
export function describeStatus({ models, refused }: Status): string {
  const rows = models.flatMap(({ name, revision, versions }) =>
    versions.map(({ version, role, decidedBy, decidedAt, missing, agreement }) => [
      name,
      version,
      role,
      `${decidedAt.slice(0, 19)}Z`,
      decidedBy,
      String(revision),
      agreement === undefined ? '' : `${agreement.agreed} of ${agreement.studies}`,
      missing.length === 0 ? 'complete' : missing.join('; '),
    ]),
  );
  const table = rows.length === 0 ? ['no models'] : columns([headings, ...rows]);
  return [...table, ...refused.map(({ folder, reason }) => `refused: ${folder}: ${reason}`)].join('\n');
}

const headings = ['MODEL', 'VERSION', 'ROLE', 'SINCE', 'BY', 'REVISION', 'AS PRIMARY SAID', 'EVIDENCE TO BE PRIMARY'];

function columns(rows: readonly string[][]): string[] {
  const widths = headings.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** One line per version moved. */
export function describeDecided({ name, revision, moves, decidedAt }: Decided): string {
  const lines = moves.map(({ version, from = 'unknown', to }) => `${name}@${version}: ${from} → ${to}`);
  return [...lines, decidedAt === undefined ? 'dry run: nothing was changed' : `revision ${revision}`].join('\n');
}
