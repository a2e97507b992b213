/**
 * Nest's defaults for one app, plus what this house needs: `.ts` in import paths, no emitted type metadata (everything is wired
 * by factory), source maps, and output that `node dist/apps/<app>/main.js` runs.
 */
export default (defaults) => ({
  ...defaults,
  devtool: 'source-map',
  resolve: { ...defaults.resolve, extensions: ['.ts', '.js'] },
});
