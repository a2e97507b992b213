/** Bytes waiting between the socket and the object store before the peer is made to wait, per association. */
const mostWaiting = 1 << 20;

/**
 * Hands received bytes from the loop that reads an association to whoever stores them, and slows the peer to the store's speed.
 * A consumer that stops early lets the rest drain: the peer has to be heard out before it can be answered.
 */
export class ByteHandoff implements AsyncIterable<Uint8Array> {
  #chunks: Uint8Array[] = [];
  #waiting = 0;
  #ended = false;
  #failure: Error | undefined;
  #abandoned = false;
  #wake: (() => void) | undefined;

  /** Resolves once there is room for more. */
  async push(chunk: Uint8Array): Promise<void> {
    if (this.#abandoned) return;
    this.#chunks.push(chunk);
    this.#waiting += chunk.byteLength;
    this.#signal();
    while (this.#waiting > mostWaiting && !this.#abandoned) await this.#changed();
  }

  end(): void {
    this.#ended = true;
    this.#signal();
  }

  /** The bytes will never be whole: whoever stores them sees `failure` thrown. */
  fail(failure: Error): void {
    this.#failure = failure;
    this.#signal();
  }

  /** Nobody reads any more: what comes is dropped. */
  abandon(): void {
    this.#abandoned = true;
    this.#chunks = [];
    this.#signal();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        if (this.#failure !== undefined) throw this.#failure;
        const chunk = this.#chunks.shift();
        if (chunk !== undefined) {
          this.#waiting -= chunk.byteLength;
          this.#signal();
          yield chunk;
        } else if (this.#ended) return;
        else await this.#changed();
      }
    } finally {
      this.abandon();
    }
  }

  #signal(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  /** Reader and writer never wait at once: the one waits for bytes, the other for room. */
  #changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
