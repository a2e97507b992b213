/**
 * Nest's defaults for one app, plus what this house needs: `.ts` in import paths, no emitted type metadata (everything is wired
 * by factory), source maps, and output that `node dist/apps/<app>/main.js` runs. The script of a `new ForkedProcess(new URL(…))`
 * is bundled into a file of its own beside main.js, as that of a worker thread is. typeface.ts looks for its files from where it
 * runs, not from where it was built.
 */
export default (defaults) => ({
  ...defaults,
  devtool: 'source-map',
  module: {
    ...defaults.module,
    parser: { javascript: { worker: ['ForkedProcess from ./forked-process.ts', '...'] } },
    rules: [...(defaults.module?.rules ?? []), { test: /typeface\.ts$/, parser: { importMeta: false } }],
  },
  resolve: { ...defaults.resolve, extensions: ['.ts', '.js'] },
});
