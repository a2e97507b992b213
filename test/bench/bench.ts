/** `npm run bench -- fhir|inference|latency […]`. */
const benches: Readonly<Record<string, () => Promise<(args: readonly string[]) => Promise<void>>>> = {
  fhir: async () => (await import('./fhir/fhir.ts')).benchFhir,
  inference: async () => (await import('./inference/inference.ts')).benchInference,
  latency: async () => (await import('./latency.ts')).benchLatency,
};

const [name = '', ...args] = process.argv.slice(2);
const open = benches[name];
if (open === undefined) {
  process.stderr.write(`bench: name one of ${Object.keys(benches).join(', ')}\n`);
  process.exitCode = 2;
} else {
  const bench = await open();
  await bench(args);
}
