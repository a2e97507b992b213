import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/** Seals small secrets with one key: AES-256-GCM, `purpose` bound in, so that what was sealed for one use opens for no other. */
export class Seal {
  private readonly key: Buffer;

  /** `secret`: at least 32 bytes from a random source. */
  constructor(secret: Uint8Array) {
    if (secret.length < 32) throw new Error('SESSION_KEY_FILE must hold at least 32 bytes');
    this.key = createHash('sha256').update('sightline reading-room session').update(secret).digest();
  }

  close(purpose: string, content: unknown): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.key, nonce).setAAD(Buffer.from(purpose));
    const sealed = Buffer.concat([cipher.update(JSON.stringify(content), 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
  }

  /** Undefined where the text was not sealed with this key for this purpose. */
  open(purpose: string, text: string): unknown {
    try {
      const bytes = Buffer.from(text, 'base64url');
      const decipher = createDecipheriv('aes-256-gcm', this.key, bytes.subarray(0, 12))
        .setAAD(Buffer.from(purpose))
        .setAuthTag(bytes.subarray(12, 28));
      const opened = Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]);
      return JSON.parse(opened.toString('utf8'));
    } catch {
      return undefined;
    }
  }
}
