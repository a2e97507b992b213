import { parseArgs } from 'node:util';

export const usage = `npm run model -- status [NAME] [--json]
npm run model -- shadow|promote|retire NAME@VERSION --reason "…" [--dry-run] [--expect REVISION] [--json]
npm run model -- rollback NAME --reason "…" [--dry-run] [--expect REVISION] [--json]

Which version of a model plays which part, and deciding it. Speaks to the running sandbox, or to --url (SIGHTLINE_URL), the address of
audit-monitor, with the access token of an operator in SIGHTLINE_TOKEN.
Ends with 0 when done, 1 when refused, 2 when not understood, 3 when audit-monitor could not be asked.`;

export const decisions = ['shadow', 'promote', 'retire', 'rollback'] as const;
export type Decision = (typeof decisions)[number];

export interface Where {
  json: boolean;
  url?: string | undefined;
}

export type Command = Where &
  (
    | { kind: 'status'; name?: string | undefined }
    | {
        kind: 'decide';
        decision: Decision;
        name: string;
        /** Absent for a roll-back: whatever is primary. */
        version?: string | undefined;
        reason: string;
        dryRun: boolean;
        expectedRevision?: number | undefined;
      }
  );

const options = {
  json: { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
  reason: { type: 'string' },
  expect: { type: 'string' },
  url: { type: 'string' },
} as const;

/** The command line as a command, or one line that says what is wrong with it. */
export function parseCommand(args: readonly string[]): Command | { kind: 'malformed'; line: string } {
  let parsed;
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    return malformed(error instanceof Error ? error.message : String(error));
  }
  const { values, positionals } = parsed;
  const [what, about, ...rest] = positionals;
  if (rest.length > 0) return malformed(`what is ${rest.join(' ')}?`);
  const where = { json: values.json, url: values.url };
  if (what === 'status') return { kind: 'status', name: about, ...where };
  const decision = decisions.find((one) => one === what);
  if (decision === undefined) return malformed(what === undefined ? 'no command' : `no command ${what}`);
  const model = readModel(about, decision);
  if (typeof model === 'string') return malformed(model);
  const reason = values.reason?.trim() ?? '';
  if (reason === '') return malformed('say why: --reason "…"; it goes into the audit trail');
  if (values.expect !== undefined && !/^\d{1,9}$/.test(values.expect)) return malformed('--expect must be a revision');
  const expectedRevision = values.expect === undefined ? undefined : Number(values.expect);
  return { kind: 'decide', decision, ...model, reason, dryRun: values['dry-run'], expectedRevision, ...where };
}

function readModel(about: string | undefined, decision: Decision): { name: string; version?: string } | string {
  const [, name, version] = /^([a-z0-9-]+)(?:@(\d+\.\d+\.\d+))?$/.exec(about ?? '') ?? [];
  const wanted = decision === 'rollback' ? 'NAME' : 'NAME@VERSION';
  if (name === undefined) return `${decision} what? ${wanted}`;
  if (decision !== 'rollback' && version === undefined) return `${decision} which version? ${wanted}`;
  return version === undefined ? { name } : { name, version };
}

function malformed(line: string): { kind: 'malformed'; line: string } {
  return { kind: 'malformed', line };
}
