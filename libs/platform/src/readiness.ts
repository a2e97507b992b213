/**
 * Rejects while the part is not ready; may resolve to what is wrong with a part that is. Either is shown to whoever asks, so it names
 * no patient.
 */
type Check = () => Promise<string | void>;

/** `failing` maps a part's name to why it is not ready, `remarks` to what is wrong with one that is. */
interface Ready {
  ready: boolean;
  failing: Record<string, string>;
  remarks: Record<string, string>;
}

/** What must be reachable before an app may be given work. A peer that comes back makes it ready again. */
export class Readiness {
  private readonly checks = new Map<string, Check>();

  constructor(private readonly timeoutMs = 2_000) {}

  add(name: string, check: Check): void {
    this.checks.set(name, check);
  }

  /** Asks every part at once. */
  async ask(): Promise<Ready> {
    const failing: Record<string, string> = {};
    const remarks: Record<string, string> = {};
    await Promise.all(
      [...this.checks].map(async ([name, check]) => {
        try {
          const remark = await withinTime(check(), this.timeoutMs);
          if (typeof remark === 'string') remarks[name] = remark;
        } catch (error) {
          failing[name] = error instanceof Error ? error.message : String(error);
        }
      }),
    );
    return { ready: Object.keys(failing).length === 0, failing, remarks };
  }
}

async function withinTime<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
