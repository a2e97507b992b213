/** What must be reachable before an app may be given work. A peer that comes back makes it ready again. */
export class Readiness {
  private readonly checks = new Map<string, () => Promise<void>>();

  constructor(private readonly timeoutMs = 2_000) {}

  /** `check` rejects while the part is not ready; its message is shown to whoever asks, so it names no patient. */
  add(name: string, check: () => Promise<void>): void {
    this.checks.set(name, check);
  }

  /** Asks every part at once. `failing` maps a part's name to why it is not ready. */
  async ask(): Promise<{ ready: boolean; failing: Record<string, string> }> {
    const answers = await Promise.all(
      [...this.checks].map(async ([name, check]): Promise<[string, string | undefined]> => {
        try {
          await withinTime(check(), this.timeoutMs);
          return [name, undefined];
        } catch (error) {
          return [name, error instanceof Error ? error.message : String(error)];
        }
      }),
    );
    const failing = Object.fromEntries(answers.filter((answer): answer is [string, string] => answer[1] !== undefined));
    return { ready: Object.keys(failing).length === 0, failing };
  }
}

async function withinTime(work: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
