import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** PEM texts, and the same as PKCS #12 for Java. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
  readonly keyStore: string;
}

export interface Authority {
  readonly ca: string;
  /** Whom Java believes by it. */
  readonly trustStore: string;
  readonly password: string;
  /** A certificate for 127.0.0.1 and localhost under this common name. */
  issue(name: string): Promise<Identity>;
}

const password = 'changeit';

/** A certificate authority of its own in a directory, for a day. */
export async function certificateAuthority(directory: string, name: string): Promise<Authority> {
  const file = (suffix: string): string => join(directory, `${name}${suffix}`);
  const openssl = async (...args: string[]): Promise<unknown> => run('openssl', args, { cwd: directory });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await openssl(
    'req',
    '-x509',
    ...newKey,
    '-days',
    '1',
    '-subj',
    `/CN=${name}`,
    '-keyout',
    file('.key'),
    '-out',
    file('.pem'),
  );
  const trustStore = file('.trust.p12');
  // OpenSSL before 3.2 cannot mark a certificate without a key as one that Java trusts.
  const store = ['-keystore', trustStore, '-storetype', 'PKCS12', '-storepass', password];
  await run('keytool', ['-importcert', '-noprompt', '-alias', name, '-file', file('.pem'), ...store]);
  return {
    ca: await readFile(file('.pem'), 'utf8'),
    trustStore,
    password,
    issue: async (subject) => {
      const of = (suffix: string): string => join(directory, `${name}-${subject}${suffix}`);
      await writeFile(of('.ext'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
      await openssl('req', ...newKey, '-subj', `/CN=${subject}`, '-keyout', of('.key'), '-out', of('.csr'));
      const signed = ['-CA', file('.pem'), '-CAkey', file('.key'), '-CAcreateserial', '-extfile', of('.ext')];
      await openssl('x509', '-req', '-days', '1', '-in', of('.csr'), ...signed, '-out', of('.pem'));
      const pair = ['-in', of('.pem'), '-inkey', of('.key'), '-passout', `pass:${password}`];
      await openssl('pkcs12', '-export', ...pair, '-out', of('.p12'));
      return {
        cert: await readFile(of('.pem'), 'utf8'),
        key: await readFile(of('.key'), 'utf8'),
        keyStore: of('.p12'),
      };
    },
  };
}
