import { createHash } from 'node:crypto';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelManifest } from '@sightline/contracts';
import sharp from 'sharp';
import { pythonEnvironment } from '../../tools/check/python-environment.ts';
import { root } from '../../tools/check/steps.ts';
import { wrapImage, type WrappedValues } from '../../tools/evaluate/wrap-image.ts';
import { train } from '../../tools/train/run-recipe.ts';
import type { Checkout } from './checkout.ts';
import type { Followed } from './numbered-steps.ts';

export const model = 'mean-grey';
const folder = `models/${model}`;
const data = 'mean-grey-data';

/** Header values of an image that the model may read: MR Image Storage. */
const brain: WrappedValues = {
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.4',
  Modality: 'MR',
  BodyPartExamined: 'BRAIN',
  PatientID: 'MEAN-GREY',
};

/** What the graph of `bright` says of a picture of one grey: its logit is grey / 16 - 8. */
const probabilityOf = (grey: number): number => 1 / (1 + Math.exp(8 - grey / 16));
const picture = (grey: number) => ({ width: 48, height: 32, grey: new Uint8Array(48 * 32).fill(grey) });
const sum = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A Part 10 file that the model finds bright; the same name is the same instance. */
export const brightImage = (name: string): Uint8Array => wrapImage(name, picture(200), brain);

async function change(checkout: Checkout, edit: (manifest: ModelManifest) => void): Promise<void> {
  const manifest = JSON.parse(await checkout.read(`${folder}/model.json`)) as ModelManifest;
  edit(manifest);
  await checkout.write(`${folder}/model.json`, `${JSON.stringify(manifest, undefined, 2)}\n`);
}

async function writeGolden(checkout: Checkout): Promise<void> {
  const greys = { dark: 100, bright: 200 };
  const read = Object.entries(greys).map(([name, grey]) => {
    const probability = probabilityOf(grey);
    const findings = { probability: { bright: probability }, present: { bright: probability >= 0.5 } };
    return { file: `${name}.dcm`, expected: { outcome: 'findings', ...findings } };
  });
  const refused = { file: 'ct.dcm', expected: { outcome: 'skipped', reason: 'wrong-modality' } };
  for (const [name, grey] of Object.entries(greys))
    await checkout.write(`${folder}/golden/${name}.dcm`, wrapImage(`golden ${name}`, picture(grey), brain));
  const ct = wrapImage('golden ct', picture(100), { ...brain, Modality: 'CT' });
  await checkout.write(`${folder}/golden/ct.dcm`, ct);
  const golden = JSON.stringify([...read, refused], undefined, 2);
  await checkout.write(`${folder}/golden/golden.json`, golden);
  await change(checkout, (manifest) => {
    manifest.evidence = [{ kind: 'golden', file: 'golden/golden.json', sha256: sum(golden) }];
  });
}

/** Eight pictures of eight patients, half of them bright. */
async function writeData(checkout: Checkout): Promise<void> {
  const rows = [60, 70, 80, 90, 160, 170, 180, 190].map((grey) => ({ file: `${grey}.png`, grey }));
  for (const { file, grey } of rows) {
    const { grey: pixels, ...size } = picture(grey);
    const png = await sharp(pixels, { raw: { ...size, channels: 1 } })
      .png()
      .toBuffer();
    await checkout.write(`${data}/${file}`, png);
  }
  const lines = rows.map(({ file, grey }) => `${file},p${grey},${grey > 128 ? 1 : 0},test`);
  await checkout.write(`${data}/labels.csv`, ['file,patient,bright,split', ...lines, ''].join('\n'));
}

async function writeRecipe(checkout: Checkout): Promise<void> {
  const recipe = 'models/training/mean_grey';
  await checkout.write(`${recipe}/__init__.py`, '');
  await checkout.write(
    `${recipe}/__main__.py`,
    `from pathlib import Path

from kit.recipe import Recipe, Step, main

main(
    Recipe(
        Path(__file__).resolve().parent,
        "1.0.0",
        (
            Step("card", "mean_grey.card:main", "writes MODEL_CARD.md", "nothing"),
            Step("seal", "kit.evidence:seal", "names the evidence in model.json", "the reports"),
            Step("index", "kit.index:write", "writes models/README.md", "every model.json"),
        ),
    )
)
`,
  );
  await checkout.write(
    `${recipe}/card.py`,
    `from kit.recipe import Run


def main(run: Run) -> None:
    (run.model / "MODEL_CARD.md").write_text("# Mean grey\\n\\nKnows nothing of medicine.\\n")
`,
  );
}

/** Runs the recipe as `npm run train` does, in the environment of the kit's tests: it trains no network. */
async function runRecipe(checkout: Checkout): Promise<void> {
  const said: string[] = [];
  const requirements = join(root, 'models/training/kit/requirements-test.txt');
  const code = await train(
    { model, data: join(checkout.path, data), sets: checkout.path, version: undefined, from: undefined, dryRun: false },
    {
      recipes: join(checkout.path, 'models/training'),
      models: join(checkout.path, 'models'),
      python: () => pythonEnvironment(join(root, 'node_modules/.cache/sightline/training'), [requirements]),
      say: (line) => void said.push(line),
      complain: (line) => void said.push(line),
    },
  );
  if (code !== 0) throw new Error(said.join('\n'));
}

/** "Add a model", followed for a graph that is there already and a question nobody asks. */
export const addModel: readonly Followed<Checkout>[] = [
  {
    names: [
      'models/<name>/',
      'model.json',
      'libs/contracts/src/model-manifest.ts',
      'MODEL_CARD.md',
      '1/model.onnx',
      'golden/',
    ],
    follow: async (checkout) => {
      const bright = 'libs/inference/test-models/bright';
      await cp(join(checkout.path, bright, '1'), join(checkout.path, folder, '1'), { recursive: true });
      await checkout.write(`${folder}/model.json`, await checkout.read(`${bright}/model.json`));
      await change(checkout, (manifest) => {
        manifest.name = model;
        // A worker that this checkout's types do not know.
        Object.assign(manifest, { worker: 'mr' });
        manifest.outputs = manifest.outputs.map((output) => ({ ...output, key: 'bright' }));
        manifest.licences = { data: 'none', weights: 'Apache-2.0' };
      });
    },
  },
  {
    // The graph takes any size and gives what it goes by: it serves, or the last test fails.
    names: [],
    follow: async (checkout) =>
      change(checkout, ({ input, graph }) => {
        if (input.preparation.resize.in !== 'graph' || graph.activation === '') throw new Error('prepared elsewhere');
      }),
  },
  {
    names: ['answer', 'image', 'slice', 'study', 'input.preparation'],
    follow: async (checkout) =>
      change(checkout, (manifest) => {
        manifest.answer = { unit: 'image' };
        manifest.input.modalities = ['MR'];
        manifest.input.preparation.grey = { kind: 'display' };
      }),
  },
  {
    names: ['applicability', 'graph.scores', 'skipped'],
    follow: async (checkout) => {
      await change(checkout, (manifest) => {
        manifest.applicability = { modality: ['MR'], bodyPart: ['BRAIN'], scores: [] };
      });
      await writeGolden(checkout);
    },
  },
  {
    names: ['outline'],
    follow: async (checkout) =>
      checkout.write(
        'apps/mr-worker/src/pipelines/read-mean-grey.ts',
        `import { conclude, gateHeader, stackFrames, type Pipeline } from '@sightline/inference';

export const readMeanGrey: Pipeline = { gate: gateHeader, prepare: stackFrames, conclude };
`,
      ),
  },
  {
    names: ['npm run evaluate -- <name> --data DIR --split NAME --json', 'evaluation.study'],
    follow: async (checkout) => {
      await writeData(checkout);
      await change(checkout, ({ evaluation }) => {
        Object.assign(evaluation, { labels: { bright: 'bright' }, assume: brain, figures: 'evaluation.json' });
        evaluation.primary.output = 'bright';
      });
      const command = ['tools/evaluate/evaluate.ts', model, '--data', data, '--split', 'test', '--json'];
      const report = await checkout.node('--import', 'tsx', ...command);
      await checkout.write(`${folder}/evaluation.json`, report);
      const { primary } = JSON.parse(report) as Pick<ModelManifest['evaluation'], 'primary'>;
      await change(checkout, ({ evaluation }) => Object.assign(evaluation, { primary }));
    },
  },
  {
    names: ['npm run parity -- <name> --data DIR --split NAME --write'],
    follow: async (checkout) => {
      await checkout.node(
        '--import',
        'tsx',
        'tools/parity/main.ts',
        model,
        '--data',
        data,
        '--split',
        'test',
        '--write',
      );
    },
  },
  {
    names: ['explanation.faithful'],
    follow: async (checkout) =>
      change(checkout, ({ explanation }) => {
        explanation.faithful = false;
      }),
  },
  {
    names: ['models/training/', '_', '-', 'npm run train -- <name> --data DIR', 'models/README.md'],
    follow: writeRecipe,
  },
  {
    names: ['evidence'],
    follow: async (checkout) => {
      const { sha256 } = JSON.parse(await checkout.read(`${folder}/model.json`)) as ModelManifest;
      const none = { value: 0, ci95: [0, 1] };
      const gates = {
        sha256,
        familiesA: [{ value: 1 }],
        falseRefusals: { test: { images: none } },
        answered: { refusedOfDiseased: none, refusedOfNormal: none, fisherP: 1 },
        byClass: { versions: [] },
      };
      await checkout.write(`${folder}/gates.json`, JSON.stringify(gates));
      await checkout.write(`${folder}/explanation.json`, JSON.stringify({ sha256 }));
      await runRecipe(checkout);
    },
  },
];
