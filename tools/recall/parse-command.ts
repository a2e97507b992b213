import { parseArgs } from 'node:util';

export const usage = `npm run recall -- MODEL@VERSION --from WHEN --to WHEN --reason "…" [--dry-run] [--json]

Withdraws every report that says what a model version said from --from until before --to: in the EHRs (entered-in-error), in the PACS (rejection note) and by
HL7 v2 (W). WHEN is a day, 2026-02-03, in UTC, or an instant with its offset; a day as --to is included. --dry-run lists and changes nothing.
May be interrupted and given again: it goes on where it was. Roll the version back first (npm run model), or it goes on speaking.
Speaks to the running sandbox, or to --url (SIGHTLINE_URL), the address of fhir-writer, with the access token of an operator in SIGHTLINE_TOKEN.
Ends with 0 when every destination knows, 1 when refused or some destination does not know yet, 2 when not understood, 3 when fhir-writer could not be asked.`;

export interface Command {
  name: string;
  version: string;
  /** Instants, `from` inclusive, `to` exclusive. */
  from: string;
  to: string;
  reason: string;
  dryRun: boolean;
  json: boolean;
  url?: string | undefined;
}

const options = {
  from: { type: 'string' },
  to: { type: 'string' },
  reason: { type: 'string' },
  'dry-run': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  url: { type: 'string' },
} as const;

const dayMs = 86_400_000;

/** The command line as a command, or one line that says what is wrong with it. */
export function parseCommand(
  args: readonly string[],
): { kind: 'command'; command: Command } | { kind: 'malformed'; line: string } {
  let parsed;
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    return malformed(error instanceof Error ? error.message : String(error));
  }
  const { values, positionals } = parsed;
  const [model, ...rest] = positionals;
  if (rest.length > 0) return malformed(`what is ${rest.join(' ')}?`);
  const parts = /^([a-z0-9]+(?:-[a-z0-9]+)*)@(\d+\.\d+\.\d+)$/.exec(model ?? '');
  if (parts?.[1] === undefined || parts[2] === undefined) return malformed('say which version: MODEL@1.2.3');
  const from = instantOf(values.from, 0);
  if (from === undefined) return malformed('say since when: --from 2026-02-03');
  const to = instantOf(values.to, dayMs);
  if (to === undefined) return malformed('say until when: --to 2026-02-28');
  if (from >= to) return malformed('--from must be before --to');
  const reason = values.reason?.trim() ?? '';
  if (reason === '' && !values['dry-run']) return malformed('say why: --reason "…"; it goes into the audit trail');
  const command = { name: parts[1], version: parts[2], from, to, reason, dryRun: values['dry-run'] };
  return { kind: 'command', command: { ...command, json: values.json, url: values.url } };
}

/** A day begins at midnight UTC; `dayIs` after that is meant where the day itself is included. */
function instantOf(text: string | undefined, dayIs: number): string | undefined {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text ?? '');
  if (!isDay && !/^\d{4}-\d{2}-\d{2}T.*(Z|[+-]\d{2}:\d{2})$/.test(text ?? '')) return undefined;
  const ms = Date.parse(text ?? '') + (isDay ? dayIs : 0);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}

function malformed(line: string): { kind: 'malformed'; line: string } {
  return { kind: 'malformed', line };
}
