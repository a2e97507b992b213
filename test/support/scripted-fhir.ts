import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import { temporaryDirectory } from './temporary-directory.ts';

export interface FhirQuestion {
  /** Below the base URL. */
  path: string;
  form: URLSearchParams;
}

/** A FHIR endpoint, with the token endpoint before it, that answers what it is told to; nothing, where it is told nothing. */
export interface ScriptedFhir {
  readonly baseUrl: string;
  readonly credentials: { tokenUrl: string; clientId: string; keyFile: string; scope: string };
  stop(): Promise<void>;
}

export async function startScriptedFhir(
  answer: (question: FhirQuestion) => { status: number; body: unknown } | undefined,
): Promise<ScriptedFhir> {
  const directory = await temporaryDirectory('scripted-fhir');
  const keyFile = join(directory.path, 'key.json');
  const { privateKey } = await generateKeyPair('ES384', { extractable: true });
  await writeFile(keyFile, JSON.stringify({ ...(await exportJWK(privateKey)), kid: 'k1' }));
  const server = createServer((request, response) => {
    void (async () => {
      let text = '';
      for await (const chunk of request) text += String(chunk);
      const { url = '' } = request;
      const answered =
        url === '/token'
          ? { status: 200, body: { access_token: 'token', expires_in: 60 } }
          : answer({ path: url.replace(/^\/fhir/, ''), form: new URLSearchParams(text) });
      if (answered === undefined) return;
      response.writeHead(answered.status, { 'content-type': 'application/fhir+json' });
      response.end(JSON.stringify(answered.body));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    baseUrl: `${url}/fhir`,
    credentials: { tokenUrl: `${url}/token`, clientId: 'writer', keyFile, scope: 'system/*.cruds' },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await directory.remove();
    },
  };
}
