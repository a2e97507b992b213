import { KafkaStrategy } from '@sightline/messaging';
import { readConfig, startApp } from '@sightline/platform';
import { configSchema } from './config.ts';
import { FhirWriterModule } from './fhir-writer.module.ts';

const config = readConfig(configSchema);

await startApp({ app: 'fhir-writer', module: FhirWriterModule.forApp(config), config, transport: KafkaStrategy });
