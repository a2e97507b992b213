export { roleSchema, TokenVerifier, type Role, type User } from './authentication.ts';
export { baseConfigSchema, parseConfig, readConfig, type BaseConfig } from './config.ts';
export { CurrentUser, OpenRoute, RequireRoles, type SessionReader } from './doors.ts';
export { createLogger, describeError, Logger, type LogFields } from './logger.ts';
export { counter, gauge, histogram } from './metrics.ts';
export { SESSION_READER } from './platform.module.ts';
export { Readiness } from './readiness.ts';
export { startApp, type AppOptions } from './start-app.ts';
export { continueTrace } from './traceparent.ts';
