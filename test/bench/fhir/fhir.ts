import { availableParallelism, cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { tellUnderFire } from '../../conformance/tell-under-fire.ts';
import { startWriterRig } from '../../conformance/writer-rig.ts';
import { ownProcessors } from './own-processors.ts';
import { compareWithServer } from './ratio-to-server.ts';

const kills = 12;

/**
 * `npm run bench -- fhir [--json] [--studies N] [--rounds N]`: reports a second beside what the FHIR server takes of the same bundle
 * posted raw, and what is left twice or not at all when 64 reports at once are told through faults and kills.
 */
export async function benchFhir(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      studies: { type: 'string', default: '320' },
      rounds: { type: 'string', default: '10' },
    },
  });
  const threads = availableParallelism();
  const loadAverage = Number(loadavg()[0]?.toFixed(1));
  const rig = await startWriterRig({ ownPostgres: true });
  try {
    const threadsOfServer = await ownProcessors([rig.server.pid, rig.postgresOfServer.pid]);
    // A replica is one thread: as many as there are beside the server.
    const writers = Math.min(Math.max(threads - (threadsOfServer ?? 1), 1), 8);
    const ratio = await compareWithServer(rig, {
      studies: Number(values.studies),
      rounds: Number(values.rounds),
      writers,
      onRound: (n, { writer, server, busyServer }) =>
        console.error(
          `round ${n}: writer ${writer.toFixed(1)}, server ${server.toFixed(1)}, with the writer busy beside it ${busyServer.toFixed(1)}`,
        ),
    });
    const fire = await tellUnderFire(rig, { studies: Number(values.studies), kills });
    const machine = {
      processor: cpus()[0]?.model ?? 'unknown',
      threads,
      threadsOfServer: threadsOfServer ?? 'shared',
      writers,
      loadAverage,
    };
    if (values.json) {
      console.log(JSON.stringify({ ...fire, ...ratio, machine }, undefined, 2));
      return;
    }
    console.log(
      `${machine.threads} threads of ${machine.processor}, of them the server's: ${machine.threadsOfServer}; ${machine.writers} writers, load ${machine.loadAverage}`,
    );
    console.log(
      `writer ${ratio.writer.toFixed(1)} reports a second, server ${ratio.server.toFixed(1)} bundles: ${ratio.ratioToServer.toFixed(2)}; ${ratio.busyServer.toFixed(1)} with a writer busy beside it: ${ratio.ratioToBusyServer.toFixed(2)}`,
    );
    console.log(
      `${fire.studies} studies, ${fire.atOnce} at once, ${fire.kills} kills, ${fire.refused} refused, ${fire.unheard} unheard: ${fire.duplicates} twice, ${fire.lost} lost, ${fire.dangling} references to nothing`,
    );
  } finally {
    await rig.stop();
  }
}
