import { fork, type ChildProcess } from 'node:child_process';

/**
 * A process of ours running one script, spoken to in structured clones. Written as `new ForkedProcess(new URL('./x.ts',
 * import.meta.url))` it is found by the bundler (rspack.config.mjs names this class), which then makes the script a file of its own.
 */
export class ForkedProcess {
  readonly child: ChildProcess;

  /** `arguments_` are the script's own; a file it inherits has the descriptor 4. */
  constructor(script: URL, arguments_: readonly string[] = [], inherited?: number) {
    this.child = fork(script, [...arguments_], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc', ...(inherited === undefined ? [] : [inherited])],
      execArgv: script.pathname.endsWith('.ts') ? ['--import', 'tsx'] : [],
    });
  }
}
