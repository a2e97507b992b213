import { KafkaStrategy } from '@sightline/messaging';
import { readConfig, startApp } from '@sightline/platform';
import { AuditMonitorModule } from './audit-monitor.module.ts';
import { auditMonitorConfigSchema } from './config.ts';

const config = readConfig(auditMonitorConfigSchema);

await startApp({ app: 'audit-monitor', module: AuditMonitorModule.forApp(config), config, transport: KafkaStrategy });
