import { availableParallelism, cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { tellUnderFire } from '../../conformance/tell-under-fire.ts';
import { startWriterRig } from '../../conformance/writer-rig.ts';
import { keepSection, textOf } from '../section.ts';
import { ownProcessors } from './own-processors.ts';
import { keepRadiograph } from './radiograph.ts';
import { compareWithServer, type Ratio, type Show } from './ratio-to-server.ts';
import { sectionOf, type Figures } from './section.ts';

const kills = 12;

/** Reports with pictures take longer: they are told in one round for so many of the others. */
const othersPerRoundWithPictures = 3;

/**
 * `npm run bench -- fhir [--json] [--write] [--studies N] [--rounds N]`: reports a second beside what the FHIR server takes of the same
 * bundle posted raw, the smallest there are and in a third as many rounds those with pictures, and what is left twice or not at all
 * when 64 reports at once are told through faults and kills; `--write` keeps the figures in docs/benchmarks.md.
 */
export async function benchFhir(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
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
    const compare = (show: Show, rounds: number): Promise<Ratio> =>
      compareWithServer(rig, {
        show,
        studies: Number(values.studies),
        rounds,
        writers,
        onRound: (n, { writer, server, busyServer }) =>
          console.error(
            `round ${n}: writer ${writer.toFixed(1)}, server ${server.toFixed(1)}, with the writer busy beside it ${busyServer.toFixed(1)}`,
          ),
      });
    const rounds = Number(values.rounds);
    const ratio = await compare((answer) => answer, rounds);
    const withPictures = await compare(
      await keepRadiograph(rig.objects),
      Math.ceil(rounds / othersPerRoundWithPictures),
    );
    const fire = await tellUnderFire(rig, { studies: Number(values.studies), kills });
    const figures: Figures = {
      ...fire,
      ...ratio,
      withPictures,
      machine: {
        processor: cpus()[0]?.model ?? 'unknown',
        threads,
        threadsOfServer: threadsOfServer ?? 'shared',
        writers,
        loadAverage,
      },
    };
    const section = sectionOf(figures);
    if (values.write) await keepSection(section);
    process.stdout.write(values.json ? `${JSON.stringify(figures, undefined, 2)}\n` : textOf(section));
  } finally {
    await rig.stop();
  }
}
