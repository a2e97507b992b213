import 'reflect-metadata';
import helmet from '@fastify/helmet';
import { type DynamicModule, type LoggerService, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { CustomTransportStrategy } from '@nestjs/microservices';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { BaseConfig } from './config.ts';
import { createLogger, describeError, type Logger } from './logger.ts';
import { collectProcessMetrics } from './metrics.ts';
import { PlatformModule } from './platform.module.ts';

export interface AppOptions {
  app: string;
  /** The app's own module; it finds Logger, Readiness and TokenVerifier provided. */
  module: Type | DynamicModule;
  config: BaseConfig;
  /** Provider of the module that carries messages to its controllers. */
  transport?: abstract new (...args: never[]) => CustomTransportStrategy;
  /** Called before the app listens: plugins, body parsers. */
  configure?: (app: NestFastifyApplication) => Promise<void> | void;
  /** Bytes of a JSON or form body; larger ones are refused with 413. */
  bodyLimit?: number;
}

@Module({})
class RootModule {}

/** Starts an app and its doors. A start that fails, or a defect nobody caught, is one log line and exit code 1. */
export async function startApp(options: AppOptions): Promise<NestFastifyApplication> {
  const logger = createLogger(options.app, options.config.logLevel);
  process.on('uncaughtException', (error) => stopOn(logger, 'uncaught-exception', error));
  process.on('unhandledRejection', (reason) => stopOn(logger, 'unhandled-rejection', reason));
  try {
    collectProcessMetrics();
    const app = await createApp(options, logger);
    await app.listen(options.config.httpPort, options.config.httpHost);
    logger.info('app-started', { httpPort: options.config.httpPort });
    return app;
  } catch (error) {
    return stopOn(logger, 'app-failed-to-start', error);
  }
}

async function createApp(options: AppOptions, logger: Logger): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(
    { module: RootModule, imports: [PlatformModule.forApp(logger, options.config), options.module] },
    new FastifyAdapter({ bodyLimit: options.bodyLimit ?? 1_048_576, forceCloseConnections: true }),
    { logger: nestLogger(logger), abortOnError: false },
  );
  await app.register(helmet, {
    contentSecurityPolicy: {
      directives: {
        defaultSrc: ["'self'"],
        imgSrc: ["'self'", 'blob:', 'data:'],
        styleSrc: ["'self'"],
        scriptSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        upgradeInsecureRequests: null,
      },
    },
  });
  await options.configure?.(app);
  app.enableShutdownHooks();
  if (options.transport !== undefined) {
    app.connectMicroservice(
      { strategy: app.get<CustomTransportStrategy>(options.transport) },
      { inheritAppConfig: false },
    );
    await app.startAllMicroservices();
  }
  return app;
}

function stopOn(logger: Logger, event: string, error: unknown): never {
  logger.error(event, { error: describeError(error), stack: error instanceof Error ? error.stack : undefined });
  process.exit(1);
}

/** Nest's own words become events of ours; its chatter about routes is for debugging. */
function nestLogger(logger: Logger): LoggerService {
  return {
    log: (message: unknown) => logger.debug('nest', { message: String(message) }),
    debug: (message: unknown) => logger.debug('nest', { message: String(message) }),
    verbose: (message: unknown) => logger.debug('nest', { message: String(message) }),
    warn: (message: unknown) => logger.warn('nest', { message: String(message) }),
    error: (message: unknown) => logger.error('nest', { message: describeError(message) }),
    fatal: (message: unknown) => logger.error('nest', { message: describeError(message) }),
  };
}
