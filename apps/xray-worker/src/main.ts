import { workerConfigSchema } from '@sightline/inference';
import { KafkaStrategy } from '@sightline/messaging';
import { readConfig, startApp } from '@sightline/platform';
import { XrayWorkerModule } from './xray-worker.module.ts';

const config = readConfig(workerConfigSchema);

await startApp({ app: 'xray-worker', module: XrayWorkerModule.forApp(config), config, transport: KafkaStrategy });
