/** Somebody wants us to end: Ctrl-C, a signal, or the process that started us is gone. A second Ctrl-C does not wait. */
export function untilStopped(): { readonly signal: AbortSignal; readonly promise: Promise<void> } {
  const controller = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = (): void => {
    if (controller.signal.aborted) {
      // The orphan guard ends the children once we are gone.
      process.exit(130);
    }
    controller.abort(new Error('stopped'));
    resolve();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, stop);
  }
  const parent = process.ppid;
  // npm or the bootstrap script killed with SIGKILL cannot tell us; being given another parent does.
  setInterval(() => {
    if (process.ppid !== parent && !controller.signal.aborted) {
      stop();
    }
  }, 1000).unref();
  return { signal: controller.signal, promise };
}
