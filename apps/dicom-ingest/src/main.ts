import { KafkaStrategy } from '@sightline/messaging';
import { readConfig, startApp } from '@sightline/platform';
import { ingestConfigSchema } from './config.ts';
import { DicomIngestModule } from './dicom-ingest.module.ts';
import { takeMultipartStreams } from './multipart-related.ts';

const config = readConfig(ingestConfigSchema);

await startApp({
  app: 'dicom-ingest',
  module: DicomIngestModule.forConfig(config),
  config,
  transport: KafkaStrategy,
  configure: takeMultipartStreams,
});
