import { KafkaStrategy } from '@sightline/messaging';
import { baseConfigSchema, readConfig, startApp } from '@sightline/platform';
import { AuditMonitorModule } from './audit-monitor.module.ts';

const config = readConfig(baseConfigSchema);

await startApp({ app: 'audit-monitor', module: AuditMonitorModule.forApp(config), config, transport: KafkaStrategy });
