import { fork, type ChildProcess } from 'node:child_process';

interface ForkedProcessOptions {
  parameters?: readonly string[];
  inherited?: number | undefined;
}

/**
 * A process of ours running one script, spoken to in structured clones. Written as `new ForkedProcess(new URL('./x.ts',
 * import.meta.url))` it is found by the bundler (rspack.config.mjs names this class), which then makes the script a file of its own.
 */
export class ForkedProcess {
  readonly child: ChildProcess;

  /**
   * `script` gets `parameters` as its own arguments; a file it inherits has the descriptor 4. The bundler takes the second argument
   * for the options of a worker thread and adds to them: they must be an object written in place.
   */
  constructor(script: URL, { parameters = [], inherited }: ForkedProcessOptions = {}) {
    this.child = fork(script, [...parameters], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc', ...(inherited === undefined ? [] : [inherited])],
      execArgv: script.pathname.endsWith('.ts') ? ['--import', 'tsx'] : [],
    });
  }
}
