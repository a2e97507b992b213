import { createServer, type IncomingMessage, type Server } from 'node:http';

/** What the proxy sees of a request, and may answer itself. */
export interface Passing {
  readonly method: string;
  /** Path and query below the base URL. */
  readonly path: string;
  readonly body: string;
}

export interface Reply {
  status: number;
  body: string;
}

/**
 * A wire between the writer and a real FHIR server that a test can cut: `before` answers in the server's place, `after` looks
 * at what the server answered and may never hand it on.
 */
export interface FhirProxy {
  readonly baseUrl: string;
  before: (passing: Passing) => Reply | undefined | Promise<Reply | undefined>;
  after: (passing: Passing, reply: Reply) => 'deliver' | 'drop' | Promise<'deliver' | 'drop'>;
  /** Nobody listens any more, until `connect`. */
  disconnect(): Promise<void>;
  connect(): Promise<void>;
  reset(): void;
  readonly seen: Passing[];
}

export async function startFhirProxy(target: string, port: number): Promise<FhirProxy> {
  let server: Server | undefined;
  const basePath = new URL(target).pathname;
  const proxy: FhirProxy = {
    baseUrl: `http://127.0.0.1:${port}${basePath}`,
    before: () => undefined,
    after: () => 'deliver',
    seen: [],
    reset() {
      proxy.before = () => undefined;
      proxy.after = () => 'deliver';
      proxy.seen.length = 0;
    },
    async disconnect() {
      server?.closeAllConnections();
      await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
      server = undefined;
    },
    async connect() {
      const listening = createServer((request, response) => {
        void (async () => {
          const body = await textOf(request);
          const passing = { method: request.method ?? '', path: (request.url ?? '').slice(basePath.length), body };
          proxy.seen.push(passing);
          const own = await proxy.before(passing);
          const reply = own ?? (await forward(target, passing, request));
          if ((await proxy.after(passing, reply)) === 'drop') {
            response.destroy();
            return;
          }
          response.writeHead(reply.status, { 'content-type': 'application/fhir+json' }).end(reply.body);
        })().catch(() => response.destroy());
      });
      server = listening;
      await new Promise<void>((resolve, reject) => {
        listening.once('error', reject);
        listening.listen(port, '127.0.0.1', resolve);
      });
    },
  };
  await proxy.connect();
  return proxy;
}

async function forward(target: string, passing: Passing, request: IncomingMessage): Promise<Reply> {
  const headers = Object.fromEntries(
    ['accept', 'authorization', 'cache-control', 'content-type', 'if-match', 'if-none-exist'].flatMap((name) => {
      const value = request.headers[name];
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );
  const response = await fetch(`${target}${passing.path}`, {
    method: passing.method,
    headers,
    ...(passing.method === 'GET' ? {} : { body: passing.body }),
  });
  return { status: response.status, body: await response.text() };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}
