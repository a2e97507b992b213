import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { buildJava } from './build-java.ts';
import { Child, readTail } from './child.ts';
import { freePort } from './ports.ts';

/** Files (PKCS #12) under one password: who the peer is, and whom it believes. */
export interface Hl7PeerTls {
  readonly keyStore: string;
  readonly trustStore: string;
  readonly password: string;
}

/** What the receiver made of a message: what is wrong with it by the definitions of v2.5.1, and what it understood. */
export interface ReceivedByPeer {
  readonly errors: readonly string[];
  readonly controlId: string;
  /** The first is the report's: `OBR`, its title, its status. Then question, sub-id, value and status of each result. */
  readonly rows: readonly (readonly string[])[];
}

export interface Hl7Receiver {
  readonly port: number;
  received(): ReceivedByPeer[];
  stop(): Promise<void>;
  restart(): Promise<void>;
  pause(): void;
  resume(): void;
}

/** HAPI HL7v2 as an EHR's HL7 port; with TLS it asks for client certificates. */
export async function startHl7Receiver(options: { directory: string; tls?: Hl7PeerTls }): Promise<Hl7Receiver> {
  const { directory, tls } = options;
  const port = await freePort();
  await mkdir(directory, { recursive: true });
  const child = await Child.start({
    name: 'HL7 receiver',
    command: 'java',
    args: [...(await javaArguments(tls)), 'sightline.hl7.Receiver', String(port)],
    logFile: join(directory, `hl7-receiver-${port}.log`),
    directory,
    ports: [port],
  });
  return {
    port,
    received: () =>
      readTail(child.logFile)
        .split('\n')
        .filter((line) => line.startsWith('RECEIVED '))
        .map((line) => JSON.parse(line.slice('RECEIVED '.length)) as ReceivedByPeer),
    stop: () => child.stop(),
    restart: () => child.restart(),
    pause: () => child.pause(),
    resume: () => child.resume(),
  };
}

/** Sends messages from HAPI HL7v2, over one connection; resolves to its answers as they came, segments parted by spaces. */
export async function sendByHl7Peer(
  to: { port: number; tls?: Hl7PeerTls },
  messages: readonly string[],
): Promise<string[]> {
  const sender = spawn(
    'java',
    [...(await javaArguments(to.tls)), 'sightline.hl7.Sender', '127.0.0.1', String(to.port)],
    {
      stdio: ['pipe', 'pipe', 'ignore'],
    },
  );
  let output = '';
  sender.stdout.on('data', (chunk) => (output += String(chunk)));
  sender.stdin.on('error', () => undefined);
  sender.stdin.end(messages.join('\f'));
  await new Promise((resolve, reject) => {
    sender.once('error', reject);
    sender.once('close', resolve);
  });
  const answers = output.split('\n').filter((line) => line.startsWith('ANSWER '));
  return answers.map((line) => line.slice('ANSWER '.length).trim());
}

async function javaArguments(tls: Hl7PeerTls | undefined): Promise<string[]> {
  const target = await buildJava('hl7-peer');
  const stores =
    tls === undefined
      ? []
      : [
          `-Djavax.net.ssl.keyStore=${tls.keyStore}`,
          `-Djavax.net.ssl.keyStorePassword=${tls.password}`,
          `-Djavax.net.ssl.trustStore=${tls.trustStore}`,
          `-Djavax.net.ssl.trustStorePassword=${tls.password}`,
        ];
  const classPath = [join(target, 'hl7-peer-1.jar'), join(target, 'lib', '*')].join(delimiter);
  return ['-Xmx128m', '-XX:TieredStopAtLevel=1', ...stores, '-cp', classPath];
}
