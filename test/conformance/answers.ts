import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inferenceCompletedSchema, type InferenceCompleted, type ModelManifest } from '@sightline/contracts';
import { uidFromUuid } from '@sightline/dicom';
import { codes, concept } from '@sightline/findings';
import { testManifest } from '../support/index.ts';

/** Answers of a chest X-ray model, invented, for a patient who is invented too. */
export interface AnswerOptions {
  studyInstanceUid?: string;
  revision?: number;
  version?: string;
  images?: number;
  role?: 'primary' | 'shadow';
  patient?: Record<string, string | undefined>;
  outcome?: unknown;
  presence?: 'present' | 'absent';
  laterality?: 'left' | 'right' | 'unknown';
}

const newUid = (): string => uidFromUuid(randomUUID());

export function answer(options: AnswerOptions = {}): InferenceCompleted {
  const { studyInstanceUid = newUid(), revision = 1, version = '1.0.0', images = 1, role = 'primary' } = options;
  const sources = Array.from({ length: images }, (_, n) => ({
    seriesInstanceUid: `${studyInstanceUid}.1`,
    sopClassUid: '1.2.840.10008.5.1.4.1.1.1.1',
    sopInstanceUid: `${studyInstanceUid}.1.${n + 1}`,
  }));
  const { presence = 'present', laterality = 'unknown' } = options;
  const findings = sources.map((source, n) => ({
    key: 'pneumonia',
    trackingIdentifier: `pneumonia image ${n + 1}`,
    trackingUid: `${studyInstanceUid}.9.${n + 1}`,
    concept: concept(codes.snomed.pneumonia),
    site: concept(codes.snomed.lung),
    laterality,
    presence,
    certainty: { probability: 0.87, threshold: 0.42 },
    measurements: [],
    sources: [source],
    sentence: `Suspected pneumonia in image ${n + 1}, probability 87 %, side ${laterality}.`,
  }));
  const id = options.patient?.['id'] ?? `P${newUid().slice(-12)}`;
  return inferenceCompletedSchema.parse({
    study: {
      studyInstanceUid,
      revision,
      patient: { id, name: 'Quill^Zephyrine', birthDate: '2022-05-06', sex: 'F', ...options.patient },
      accessionNumber: `ACC${id}`,
      description: 'Chest AP',
      startedAt: '2026-02-03T04:05:06',
      modalities: ['DX'],
    },
    model: { name: 'chest-xray-paediatric', version },
    role,
    outcome: options.outcome ?? { kind: 'findings', findings, artefacts: [] },
    images: sources,
    timings: { completedAt: '2026-02-03T03:06:00.000Z' },
  });
}

/** A folder of models as fhir-writer reads it: manifests and cards, no weights. */
export async function writeModelsFolder(path: string): Promise<string> {
  for (const version of ['1.0.0', '1.1.0']) {
    const folder = join(path, `chest-xray-paediatric-${version}`);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'model.json'), JSON.stringify(manifest(version)));
    await writeFile(
      join(folder, 'MODEL_CARD.md'),
      `# Chest X-ray, paediatric ${version}\n\nInvented for a test – not a device.\n`,
    );
  }
  return path;
}

/** A folder with the first version alone, as dicom-ingest asks it. */
export async function oneModel(path: string): Promise<string> {
  await mkdir(join(path, 'chest-xray-paediatric'), { recursive: true });
  await writeFile(join(path, 'chest-xray-paediatric', 'model.json'), JSON.stringify(manifest('1.0.0')));
  return path;
}

function manifest(version: string): ModelManifest {
  return testManifest({
    name: 'chest-xray-paediatric',
    version,
    title: 'Chest X-ray, paediatric',
    release: 'on-signature',
  });
}
