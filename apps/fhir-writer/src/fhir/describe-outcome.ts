import { z } from 'zod';

const outcomeSchema = z.object({
  resourceType: z.literal('OperationOutcome'),
  issue: z.array(
    z.object({
      severity: z.string(),
      code: z.string(),
      diagnostics: z.string().optional(),
      expression: z.array(z.string()).optional(),
      location: z.array(z.string()).optional(),
    }),
  ),
});

const longest = 600;

/**
 * Why a FHIR server refused, in words a log may hold. What servers quote from the body is taken out: everything in quotes,
 * every number of three and more digits and date, and every word of `secrets` (the patient's names and identifiers).
 */
export function describeOutcome(body: unknown, secrets: readonly string[]): string {
  const outcome = outcomeSchema.safeParse(body);
  if (!outcome.success) return 'no OperationOutcome';
  const issues = outcome.data.issue
    .filter(({ severity }) => severity === 'error' || severity === 'fatal')
    .map(({ code, diagnostics = '', expression, location }) => {
      const where = (expression ?? location ?? []).filter((path) => /^[\w.[\]]+$/.test(path)).join(', ');
      return [code, where === '' ? '' : `at ${where}`, redact(diagnostics, secrets)]
        .filter((part) => part !== '')
        .join(' ');
    });
  return issues.length === 0 ? 'no reason given' : issues.join('; ').slice(0, longest);
}

function redact(text: string, secrets: readonly string[]): string {
  const kept = text
    .replaceAll(/"[^"]*"|'[^']*'|\u201c[^\u201d]*\u201d/g, '…')
    .replaceAll(/(HAPI-)?\d{3,}(-\d+)*/g, (found) => (found.startsWith('HAPI-') ? found : '…'));
  const words = secrets.flatMap((secret) => secret.split(/[\s^=,;]+/)).filter((word) => word.length > 1);
  return words.reduce((rest, word) => rest.replaceAll(mentionOf(word), '…'), kept);
}

/** A short word is meant only where it stands alone: initials are in half the words there are. */
function mentionOf(word: string): RegExp {
  const literal = word.replaceAll(/[$()*+./?[\\\]^{|}]/g, String.raw`\$&`);
  return new RegExp(word.length < 4 ? String.raw`(?<![\p{L}\p{N}])${literal}(?![\p{L}\p{N}])` : literal, 'giu');
}
