import type { Progress } from './sandbox.ts';

const FRAMES = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';

/** Steps with their seconds: redrawn in place on a terminal, one plain line per end of a step elsewhere. */
export class ProgressDisplay {
  private readonly open = new Map<string, number>();
  private readonly begin = Date.now();
  private drawn = 0;
  private frame = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly stream: NodeJS.WriteStream = process.stdout) {}

  readonly report: Progress = (step, state) => {
    switch (state) {
      case 'start':
        this.open.set(step, Date.now());
        if (this.stream.isTTY) {
          this.timer ??= setInterval(() => this.draw(), 100).unref();
        } else {
          this.line(`… ${step}`);
        }
        break;
      case 'done':
      case 'failed': {
        const seconds = ((Date.now() - (this.open.get(step) ?? Date.now())) / 1000).toFixed(1);
        this.open.delete(step);
        this.line(`${state === 'done' ? '✔' : '✘'} ${step}  ${seconds} s`);
        break;
      }
      case 'note':
        this.line(`• ${step}`);
        break;
    }
    if (this.open.size === 0) {
      this.close();
    }
  };

  async step<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.report(name, 'start');
    try {
      const result = await work();
      this.report(name, 'done');
      return result;
    } catch (error) {
      this.report(name, 'failed');
      throw error;
    }
  }

  /** A line of its own above the steps that are still open. */
  line(text: string): void {
    this.erase();
    this.stream.write(`${text}\n`);
    this.draw();
  }

  get elapsedSeconds(): string {
    return ((Date.now() - this.begin) / 1000).toFixed(1);
  }

  close(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.erase();
  }

  private draw(): void {
    if (!this.stream.isTTY || this.open.size === 0) {
      return;
    }
    this.erase();
    this.frame = (this.frame + 1) % FRAMES.length;
    for (const [step, since] of this.open) {
      this.stream.write(`${FRAMES[this.frame] ?? ''} ${step}  ${Math.floor((Date.now() - since) / 1000)} s\n`);
    }
    this.drawn = this.open.size;
  }

  private erase(): void {
    if (this.drawn > 0) {
      this.stream.write(`\u001B[${this.drawn}A\u001B[0J`);
      this.drawn = 0;
    }
  }
}
