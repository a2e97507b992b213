/** A part of the sandbox could not be started or died: the message is one line a person can act on. */
export class PartFailed extends Error {
  override readonly name = 'PartFailed';

  constructor(
    readonly part: string,
    readonly reason: string,
    readonly logFile?: string,
  ) {
    super(`${part}: ${reason}${logFile === undefined ? '' : ` (log: ${logFile})`}`);
  }
}
