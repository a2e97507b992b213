import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';

/**
 * Writes k8s/schemas from KEDA's own CustomResourceDefinitions: `generate-keda-schemas.ts FOLDER`, where FOLDER is
 * `config/crd/bases` of the Go module github.com/kedacore/keda/v2 (`go mod download -json github.com/kedacore/keda/v2@v2.21.0`).
 * Run by hand when KEDA's version changes; what is committed is what the checks use, so that they need no Go.
 */
const version = 'v2.21.0';
const output = join(import.meta.dirname, '../../k8s/schemas');

type Schema = { [key: string]: unknown };

interface Definition {
  spec: {
    group: string;
    names: { kind: string };
    versions: { name: string; schema: { openAPIV3Schema: Schema } }[];
  };
}

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Kubernetes' dialect as plain JSON Schema: unknown fields refused as `--strict` does, prose and `x-kubernetes-*` left out. */
function plain(schema: Schema): Schema {
  if (schema['x-kubernetes-int-or-string'] === true) return { type: ['integer', 'string'] };
  const result: Schema = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'description' || key.startsWith('x-kubernetes')) continue;
    if (key === 'properties' && isSchema(value)) result[key] = mapped(value);
    else if (key === 'items' && isSchema(value)) result[key] = plain(value);
    else if (key === 'additionalProperties' && isSchema(value)) result[key] = plain(value);
    else result[key] = value;
  }
  const closed = isSchema(schema['properties']) && schema['x-kubernetes-preserve-unknown-fields'] !== true;
  return closed && !('additionalProperties' in result) ? { ...result, additionalProperties: false } : result;
}

function mapped(properties: Schema): Schema {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [name, isSchema(value) ? plain(value) : value]),
  );
}

async function generate(folder: string, plural: string): Promise<void> {
  const file = `keda.sh_${plural}.yaml`;
  const { spec } = parse(await readFile(join(folder, file), 'utf8')) as Definition;
  const [newest] = spec.versions;
  if (newest === undefined) throw new Error(`${file} has no version`);
  const apiVersion = `${spec.group}/${newest.name}`;
  const schema = plain(newest.schema.openAPIV3Schema);
  const properties = schema['properties'] as Schema;
  const document = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $comment: `Generated from config/crd/bases/${file} of github.com/kedacore/keda/v2 ${version}, Copyright The KEDA Authors, Apache-2.0`,
    title: `${apiVersion} ${spec.names.kind}`,
    ...schema,
    properties: {
      ...properties,
      apiVersion: { const: apiVersion },
      kind: { const: spec.names.kind },
      metadata: { type: 'object', required: ['name'] },
    },
    required: ['apiVersion', 'kind', 'metadata', 'spec'],
  };
  await writeFile(join(output, `${spec.names.kind}.json`), `${JSON.stringify(document, null, 1)}\n`);
}

const [, , folder] = process.argv;
if (folder === undefined) {
  console.error('usage: generate-keda-schemas.ts FOLDER (config/crd/bases of the Go module)');
  process.exit(2);
}
await generate(folder, 'scaledobjects');
await generate(folder, 'triggerauthentications');
