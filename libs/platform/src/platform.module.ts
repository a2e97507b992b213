import { type DynamicModule, Module } from '@nestjs/common';
import { APP_GUARD, Reflector } from '@nestjs/core';
import { TokenVerifier } from './authentication.ts';
import type { BaseConfig } from './config.ts';
import { DoorGuard, type SessionReader } from './doors.ts';
import { HealthController } from './health.controller.ts';
import { Logger } from './logger.ts';
import { Readiness } from './readiness.ts';

/** Token under which an app may provide a SessionReader beside bearer tokens. */
export const SESSION_READER = Symbol('SessionReader');

@Module({})
export class PlatformModule {
  /** What every app has: its logger, its readiness, health and metrics, and the guard at its HTTP doors. */
  static forApp(logger: Logger, config: BaseConfig): DynamicModule {
    return {
      module: PlatformModule,
      global: true,
      controllers: [HealthController],
      providers: [
        { provide: Logger, useValue: logger },
        { provide: Readiness, useValue: new Readiness() },
        { provide: TokenVerifier, useFactory: () => new TokenVerifier(config.oidcIssuer, config.oidcAudience) },
        {
          provide: APP_GUARD,
          inject: [Reflector, TokenVerifier, { token: SESSION_READER, optional: true }],
          useFactory: (reflector: Reflector, verifier: TokenVerifier, session?: SessionReader) =>
            new DoorGuard(reflector, verifier, session),
        },
      ],
      exports: [Logger, Readiness, TokenVerifier],
    };
  }
}
