import { workerAppOf } from '@sightline/contracts';
import { KafkaStrategy } from '@sightline/messaging';
import { readConfig, startApp } from '@sightline/platform';
import { workerConfigSchema } from './worker-config.ts';
import { WorkerModule, type WorkerOptions } from './worker.module.ts';

/**
 * The whole of a worker app: inference.requested.<worker> → a row of the queue → gate, prepare, conclude → inference.completed. Read
 * from the environment is {@link workerConfigSchema}; a start that fails ends the process as `startApp` says.
 */
export async function startWorker(options: Omit<WorkerOptions, 'config'>): Promise<void> {
  const config = readConfig(workerConfigSchema);
  const app = workerAppOf(options.worker);
  await startApp({ app, module: WorkerModule.forApp({ ...options, config }), config, transport: KafkaStrategy });
}
