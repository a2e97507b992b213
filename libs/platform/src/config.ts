import { z } from 'zod';

/** EX_CONFIG of sysexits.h: told apart from a crash by whoever restarts processes. */
const exitOnBadConfiguration = 78;

/** What every app is told. Names outside are UPPER_SNAKE of these: `databaseUrl` is DATABASE_URL. */
export const baseConfigSchema = z.object({
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  httpHost: z.string().min(1).default('127.0.0.1'),
  httpPort: z.coerce.number().int().min(0).max(65_535),
  databaseUrl: z.url({ protocol: /^postgres(ql)?$/ }),
  kafkaBrokers: z.string().transform((list, context) => {
    const brokers = list.split(',').map((broker) => broker.trim());
    if (brokers.every((broker) => /^[^\s:]+:\d+$/.test(broker))) return brokers;
    context.addIssue('must be host:port, separated by commas');
    return z.NEVER;
  }),
  objectStoreUrl: z.url({ protocol: /^file$/ }),
  oidcIssuer: z.url({ protocol: /^https?$/ }),
  oidcAudience: z.string().min(1).default('sightline'),
});

export type BaseConfig = z.infer<typeof baseConfigSchema>;

/** The environment as a schema understands it, or one line that names every setting that is wrong (never its value). */
export function parseConfig<S extends z.ZodObject>(
  schema: S,
  environment: Readonly<Record<string, string | undefined>>,
): { kind: 'config'; config: z.infer<S> } | { kind: 'malformed'; line: string } {
  const given = Object.fromEntries(
    Object.keys(schema.shape)
      .map((name) => [name, environment[environmentName(name)]] as const)
      .filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = schema.safeParse(given);
  if (parsed.success) return { kind: 'config', config: parsed.data };
  const complaints = parsed.error.issues.map(
    (issue) => `${environmentName(String(issue.path[0]))} ${describe(issue, given)}`,
  );
  return { kind: 'malformed', line: `malformed configuration: ${complaints.join('; ')}` };
}

/** The process's configuration. A malformed one stops the app: one line on stderr, exit code 78. */
export function readConfig<S extends z.ZodObject>(schema: S): z.infer<S> {
  const result = parseConfig(schema, process.env);
  return result.kind === 'config' ? result.config : refuseToStart(result.line);
}

/** Ends the process for a malformed configuration: one line on stderr, exit code 78. */
export function refuseToStart(line: string): never {
  process.stderr.write(`${line}\n`);
  process.exit(exitOnBadConfiguration);
}

function environmentName(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

function describe(issue: z.core.$ZodIssue, given: Record<string, string | undefined>): string {
  return String(issue.path[0]) in given ? `is wrong (${issue.message})` : 'is missing';
}
