import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildJava } from './build-java.ts';
import { Child, readTail } from './child.ts';
import { PartFailed } from './part-failed.ts';
import { freePort, LOOPBACK } from './ports.ts';

const run = promisify(execFile);

export interface KafkaOptions {
  /** Holds the broker's configuration, data and log; a second start on it finds everything again. */
  readonly directory: string;
  readonly port?: number;
  readonly controllerPort?: number;
  readonly deadlineMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Kafka {
  readonly brokers: string[];
  readonly port: number;
  readonly pid: number;
  readonly logFile: string;
  stop(): Promise<void>;
  /** As a crash or a power cut of the process would. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Again on the same port and directory, after stop or kill. */
  start(): Promise<void>;
  restart(): Promise<void>;
  /** Stands still with its connections open. */
  pause(): void;
  resume(): void;
  onExit: Child['onExit'];
}

/** One broker that is its own controller (KRaft). Topics are created by the catalog only: auto-creation is off. */
export async function startKafka(options: KafkaOptions): Promise<Kafka> {
  const port = options.port ?? (await freePort());
  const controllerPort = options.controllerPort ?? (await freePort());
  const target = await buildJava('kafka', options.signal);
  await mkdir(options.directory, { recursive: true });
  const configuration = join(options.directory, 'server.properties');
  const data = join(options.directory, 'data');
  const logFile = join(options.directory, 'kafka.log');
  await writeFile(configuration, serverProperties({ port, controllerPort, data }));

  const classPath = join(target, 'lib', '*');
  if (!existsSync(join(data, 'meta.properties'))) {
    // A leading dash would be read as an option.
    const id = randomBytes(16).toString('base64url').replace(/^-/, 'A');
    await run('java', [
      '-Xmx128m',
      '-cp',
      classPath,
      'kafka.tools.StorageTool',
      'format',
      '-t',
      id,
      '-c',
      configuration,
    ]).catch((error: Error) => {
      const full = /No space left/.test(error.message);
      throw new PartFailed(
        'Kafka',
        full ? 'no space left on the disk' : `its storage cannot be prepared: ${firstLine(error)}`,
      );
    });
  }

  let started = 0;
  const child = new Child({
    name: 'Kafka',
    command: 'java',
    args: [
      '-Xms128m',
      '-Xmx512m',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
      '-Dorg.slf4j.simpleLogger.showDateTime=true',
      '-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info',
      '-cp',
      classPath,
      'kafka.Kafka',
      configuration,
    ],
    logFile,
    directory: options.directory,
    ports: [port, controllerPort],
    // The port opens before the broker has registered with its controller; only then can topics be made.
    isReady: async () => count(readTail(logFile), 'Kafka Server started') > started,
    deadlineMs: options.deadlineMs ?? 180_000,
    signal: options.signal,
  });
  const start = async (): Promise<void> => {
    started = count(readTail(logFile), 'Kafka Server started');
    await child.start();
  };
  await start();
  return {
    brokers: [`${LOOPBACK}:${port}`],
    port,
    get pid() {
      return child.pid;
    },
    logFile,
    stop: () => child.stop(),
    kill: (signal) => child.kill(signal),
    start,
    restart: async () => {
      await child.stop();
      await start();
    },
    pause: () => child.pause(),
    resume: () => child.resume(),
    onExit: (listener) => child.onExit(listener),
  };
}

function serverProperties(at: { port: number; controllerPort: number; data: string }): string {
  return `${Object.entries({
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@${LOOPBACK}:${at.controllerPort}`,
    listeners: `PLAINTEXT://${LOOPBACK}:${at.port},CONTROLLER://${LOOPBACK}:${at.controllerPort}`,
    'advertised.listeners': `PLAINTEXT://${LOOPBACK}:${at.port}`,
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': at.data,
    'auto.create.topics.enable': false,
    'group.initial.rebalance.delay.ms': 0,
    // One broker: its own topics cannot have the three replicas they ask for.
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 8,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 8,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'controlled.shutdown.enable': true,
  })
    .map(([key, value]) => `${key}=${value}`)
    .join('\n')}\n`;
}

function count(text: string, what: string): number {
  return text.split(what).length - 1;
}

function firstLine(error: Error): string {
  return error.message.split('\n').slice(0, 2).join(' ').slice(0, 200);
}
