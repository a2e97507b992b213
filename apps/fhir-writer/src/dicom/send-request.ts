import { request as plainRequest } from 'node:http';
import { request as tlsRequest, type RequestOptions } from 'node:https';

export interface HttpAnswer {
  status: number;
  retryAfter: string | null;
  text: string;
}

/** No answer to a store is longer. */
const mostBytes = 8 * 1024 * 1024;

/** One request with a client's certificate where the server asks for one. Rejects where no whole answer comes; follows no redirect. */
export function sendRequest(
  url: string,
  options: Pick<RequestOptions, 'method' | 'headers' | 'signal' | 'ca' | 'cert' | 'key' | 'servername'>,
  body?: Buffer,
): Promise<HttpAnswer> {
  const begin = url.startsWith('https:') ? tlsRequest : plainRequest;
  return new Promise((resolve, reject) => {
    const request = begin(url, options, (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length > mostBytes) response.destroy(new Error('the answer is too long'));
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          retryAfter: response.headers['retry-after'] ?? null,
          text: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}
