import { KafkaStrategy } from '@sightline/messaging';
import { readConfig, refuseToStart, startApp } from '@sightline/platform';
import { configSchema } from './config.ts';
import { FhirWriterModule } from './fhir-writer.module.ts';
import { readSite } from './site.ts';

const config = readConfig(configSchema);
const read = await readSite(config.siteFile);
const site = read.kind === 'site' ? read.site : refuseToStart(`malformed configuration: ${read.line}`);

await startApp({ app: 'fhir-writer', module: FhirWriterModule.forApp(config, site), config, transport: KafkaStrategy });
