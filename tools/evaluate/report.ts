import type { ModelManifest, ModelOutput } from '@sightline/contracts';
import {
  atThreshold,
  auroc,
  bootstrapByPatient,
  brier,
  specificityAtSensitivity,
  type Interval,
  type Scored,
} from './figures.ts';
import type { DataSet } from './open-data-set.ts';
import type { SubjectScore } from './score-subject.ts';

export interface Report {
  model: string;
  version: string;
  sha256: string;
  split: string | undefined;
  /** Over every image or study, refused or not. Null where the labels hold only one class. */
  primary: { name: string; output: string; value: number | null; ci95: Interval | null; n: number; patients: number };
  refusals: { refused: number; byReason: Record<string, number> };
  outputs: Record<string, ReturnType<typeof figuresOf>>;
}

/** Every figure of a scored data set. The primary figure is the AUROC of the output that the manifest names. */
export function reportOf(
  manifest: ModelManifest,
  { subjects, split }: DataSet,
  scored: readonly SubjectScore[],
): Report {
  const patients = new Set(subjects.map(({ patient }) => patient)).size;
  const byOutput = (key: string, keep: (row: SubjectScore) => boolean = () => true): Scored[] =>
    subjects.flatMap(({ truth, patient }, i) => {
      const row = scored[i];
      const label = truth[key];
      if (row === undefined || label === undefined || !keep(row)) return [];
      return [{ truth: label, probability: row.probabilities[key] ?? Number.NaN, patient }];
    });
  const judged = manifest.outputs.filter(({ key }) => key in manifest.evaluation.labels);
  const { output } = manifest.evaluation.primary;
  const primary = byOutput(output);
  return {
    model: manifest.name,
    version: manifest.version,
    sha256: manifest.sha256,
    split,
    primary: {
      name: 'auroc',
      output,
      value: auroc(primary) ?? null,
      ci95: bootstrapByPatient(primary, auroc) ?? null,
      n: primary.length,
      patients,
    },
    refusals: refusalsOf(scored),
    outputs: Object.fromEntries(
      judged.map((each) => [
        each.key,
        figuresOf(each, byOutput(each.key), {
          accepted: byOutput(each.key, ({ refused }) => refused === undefined),
          refused: byOutput(each.key, ({ refused }) => refused !== undefined),
        }),
      ]),
    ),
  };
}

function figuresOf(
  output: ModelOutput,
  every: Scored[],
  { accepted, refused }: { accepted: Scored[]; refused: Scored[] },
) {
  return {
    positives: every.filter(({ truth }) => truth === 1).length,
    negatives: every.filter(({ truth }) => truth === 0).length,
    auroc: {
      every: auroc(every) ?? null,
      accepted: auroc(accepted) ?? null,
      refused: auroc(refused) ?? null,
    },
    atThreshold: {
      every: atThreshold(every, output.threshold),
      /** What a clinic would see: a refused image has no answer. */
      accepted: atThreshold(accepted, output.threshold),
    },
    specificityAtSensitivity95: specificityAtSensitivity(every, 0.95) ?? null,
    brier: brier(every) ?? null,
  };
}

function refusalsOf(scored: readonly SubjectScore[]): Report['refusals'] {
  const reasons = scored.flatMap(({ refused }) => (refused === undefined ? [] : [refused.reason]));
  const byReason: Record<string, number> = {};
  for (const reason of reasons) byReason[reason] = (byReason[reason] ?? 0) + 1;
  return { refused: reasons.length, byReason };
}

/** The report for a person at a terminal. */
export function sayReport({ model, version, split, primary, refusals, outputs }: Report): string {
  const lines = [
    `${model} ${version}${split === undefined ? '' : ` on ${split}`}: ${primary.n} images of ${primary.patients} patients`,
    `${primary.name} of ${primary.output} ${number(primary.value)} (95 % ${primary.ci95?.map(number).join(' to ') ?? '?'})`,
    `refused ${refusals.refused}${Object.entries(refusals.byReason)
      .map(([reason, count]) => `, ${reason} ${count}`)
      .join('')}`,
  ];
  for (const [key, figures] of Object.entries(outputs)) {
    const { threshold, sensitivity, specificity } = figures.atThreshold.every;
    lines.push(
      `${key} at ${threshold}: sensitivity ${number(sensitivity?.value)}, specificity ${number(specificity?.value)}; ` +
        `specificity at sensitivity .95 ${number(figures.specificityAtSensitivity95)}; Brier ${number(figures.brier)}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function number(value: number | null | undefined): string {
  return value === null || value === undefined ? '?' : value.toFixed(4);
}
