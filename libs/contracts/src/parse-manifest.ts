import { modelManifestSchema, type ModelManifest } from './model-manifest.ts';

/** `issue` names the first place that is wrong, and how. */
export type ParsedManifest =
  | { kind: 'manifest'; manifest: ModelManifest }
  | { kind: 'not-json' }
  | { kind: 'malformed'; issue: string };

/** The manifest that the text of a model.json is. Never throws. */
export function parseManifest(text: string): ParsedManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: 'not-json' };
  }
  const parsed = modelManifestSchema.safeParse(value);
  if (parsed.success) return { kind: 'manifest', manifest: parsed.data };
  const [issue] = parsed.error.issues;
  return { kind: 'malformed', issue: `${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}` };
}
