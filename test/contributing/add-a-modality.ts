import type { Checkout } from './checkout.ts';
import type { Followed } from './numbered-steps.ts';

/** "Add a modality", followed for MR up to its model. */
export const modality: readonly Followed<Checkout>[] = [
  {
    names: [
      'libs/contracts/src/worker.ts',
      'inference.requested.<worker>.v1',
      'requestTopic',
      'apps/fhir-writer/src/reports/report-kind.ts',
    ],
    follow: async (checkout) => {
      await checkout.insert('libs/contracts/src/worker.ts', `]);`, `, 'mr'`);
      await checkout.insert(
        'libs/contracts/src/topics.ts',
        `  'inference.completed.v1': topic({`,
        `  'inference.requested.mr.v1': requestTopic('mr', 'MR instances'),\n`,
      );
      await checkout.node('--import', 'tsx', 'tools/generators/generate-contracts.ts');
      await checkout.insert(
        'apps/fhir-writer/src/reports/report-kind.ts',
        '  xray: [',
        '  mr: [codes.loinc.radiology, codes.hl7.sectionRadiology],\n',
      );
      const recorded = await checkout.read('test/contracts/golden/inference.requested.xray.v1.json');
      await checkout.write('test/contracts/golden/inference.requested.mr.v1.json', recorded);
    },
  },
  {
    names: [
      'apps/<worker>-worker/src/',
      'main.ts',
      'pipelines/',
      'pipeline-of.ts',
      'tools/evaluate/pipeline-of.ts',
      'libs/inference',
    ],
    follow: async (checkout) => {
      await checkout.write(
        'apps/mr-worker/src/main.ts',
        `import { startWorker } from '@sightline/inference';
import { pipelineOf } from './pipelines/pipeline-of.ts';

await startWorker({ worker: 'mr', pipelineOf });
`,
      );
      await checkout.write(
        'apps/mr-worker/src/pipelines/pipeline-of.ts',
        `import type { Pipeline } from '@sightline/inference';
import { readMeanGrey } from './read-mean-grey.ts';

export const pipelineOf = (): Pipeline => readMeanGrey;
`,
      );
      const tool = 'tools/evaluate/pipeline-of.ts';
      const named = `import { pipelineOf as mr } from '../../apps/mr-worker/src/pipelines/pipeline-of.ts';\n`;
      await checkout.insert(tool, 'import { pipelineOf as xray }', named);
      await checkout.insert(tool, ' };', ', mr');
    },
  },
  {
    names: ['nest-cli.json', 'tools/sandbox/sandbox.ts', 'docs/operations/README.md'],
    follow: async (checkout) => {
      const projects = await checkout.read('nest-cli.json');
      const entry = /"xray-worker": \{[\s\S]*?\n {4}\},\n/.exec(projects)?.[0] ?? '';
      await checkout.insert('nest-cli.json', entry, `${entry.replaceAll('xray-', 'mr-')}    `);
      await checkout.insert('tools/sandbox/sandbox.ts', `'xray-worker': 8084`, `'mr-worker': 8088, `);
      await checkout.insert('docs/operations/README.md', '| 8084 | xray-worker', '| 8088 | mr-worker: health |\n');
    },
  },
  {
    names: [
      'k8s/base/<worker>-worker/kustomization.yaml',
      'k8s/base/worker',
      'k8s/base/kustomization.yaml',
      'dev',
      'prod',
    ],
    follow: async (checkout) => {
      const xray = await checkout.read('k8s/base/xray-worker/kustomization.yaml');
      await checkout.write('k8s/base/mr-worker/kustomization.yaml', xray.replace('xray-', 'mr-'));
      await checkout.insert('k8s/base/kustomization.yaml', '  - xray-worker\n', '  - mr-worker\n');
      for (const overlay of ['dev', 'prod']) {
        const file = `k8s/overlays/${overlay}/kustomization.yaml`;
        const [image = ''] = /^ {2}- \{ name: sightline\/xray-worker.*\n/m.exec(await checkout.read(file)) ?? [];
        await checkout.insert(file, image, image.replace('xray-', 'mr-'));
      }
    },
  },
];

/** The last step is the other list, and a study that goes all the way. */
export const lastStepOfModality: readonly string[] = ['test/e2e/'];
