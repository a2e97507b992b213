import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { breaches, type Resource } from './kubernetes-rules.ts';
import { KubernetesTools } from './kubernetes-tools.ts';
import { root } from './steps.ts';

/**
 * Checks k8s/ without a cluster: the overlays are built by kustomize, then held against Kubernetes' schemas (strictly), KEDA's
 * schemas, and the rules of this house.
 */
const overlays = ['dev', 'prod', 'gpu'];
const ofKeda = /^apiVersion: keda\.sh\//m;

async function check(tools: KubernetesTools, overlay: string): Promise<string[]> {
  const { code, output } = await tools.build(join(root, 'k8s/overlays', overlay));
  if (code !== 0) return [output.trim()];
  const resources = parseAllDocuments(output).map((document) => document.toJS() as Resource);
  const plain = output.split(/^---$/m).filter((document) => !ofKeda.test(document));
  const wrong = await tools.validate(plain.join('---'));
  console.log(`k8s/overlays/${overlay}: ${resources.length} resources`);
  return [...(wrong === undefined ? [] : [wrong]), ...breaches(resources)];
}

const tools = await KubernetesTools.prepare();
if (typeof tools === 'string') {
  console.error(tools);
  process.exitCode = 1;
} else {
  for (const overlay of overlays) {
    for (const complaint of await check(tools, overlay)) {
      console.error(`k8s/overlays/${overlay}: ${complaint}`);
      process.exitCode = 1;
    }
  }
}
