import { resolve } from 'node:path';
import cookie from '@fastify/cookie';
import serveStatic from '@fastify/static';
import { KafkaStrategy } from '@sightline/messaging';
import { readConfig, startApp } from '@sightline/platform';
import { readingRoomConfigSchema } from './reading-room-config.ts';
import { ReadingRoomModule } from './reading-room.module.ts';

const config = readConfig(readingRoomConfigSchema);

await startApp({
  app: 'reading-room',
  module: ReadingRoomModule.forApp(config),
  config,
  transport: KafkaStrategy,
  configure: async (app) => {
    await app.register(cookie);
    // Code of the page, the same for everyone; what it shows comes through the API's doors.
    await app.register(serveStatic, {
      root: resolve(config.webDir),
      wildcard: false,
      index: false,
      globIgnore: ['index.html'],
      maxAge: '1h',
    });
  },
});
