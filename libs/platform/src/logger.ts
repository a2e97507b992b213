import pino, { type DestinationStream } from 'pino';

/** Fields are contract fields: identifiers, counts, durations. Never a patient's, and never a whole message. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** One line of JSON per event, named in kebab-case: `instance-stored`. */
export abstract class Logger {
  abstract debug(event: string, fields?: LogFields): void;
  abstract info(event: string, fields?: LogFields): void;
  abstract warn(event: string, fields?: LogFields): void;
  abstract error(event: string, fields?: LogFields): void;
}

class PinoLogger extends Logger {
  constructor(private readonly pino: pino.Logger) {
    super();
  }

  debug(event: string, fields: LogFields = {}): void {
    this.pino.debug(fields, event);
  }
  info(event: string, fields: LogFields = {}): void {
    this.pino.info(fields, event);
  }
  warn(event: string, fields: LogFields = {}): void {
    this.pino.warn(fields, event);
  }
  error(event: string, fields: LogFields = {}): void {
    this.pino.error(fields, event);
  }
}

/** The app's logger, to stdout unless told otherwise. */
export function createLogger(app: string, level: LogLevel = 'info', destination?: DestinationStream): Logger {
  const options: pino.LoggerOptions = {
    level,
    base: { app },
    messageKey: 'event',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  };
  return new PinoLogger(destination === undefined ? pino(options) : pino(options, destination));
}

/** An error's own words for a log line: class and message, no stack of a dependency, no cause that may quote a data set. */
export function describeError(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
