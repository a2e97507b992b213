import type { UnderFire } from '../../conformance/tell-under-fire.ts';
import { table, type Section } from '../section.ts';
import type { Ratio } from './ratio-to-server.ts';

export interface Figures extends UnderFire, Ratio {
  /** Of reports with a key image and a heat map; the other ratio is of reports of one finding and no picture. */
  withPictures: Ratio;
  machine: {
    processor: string;
    threads: number;
    threadsOfServer: number | 'shared';
    writers: number;
    /** Before anything was started. */
    loadAverage: number;
  };
}

export function sectionOf(figures: Figures): Section {
  const { machine, withPictures, studies, atOnce, kills, refused, unheard, duplicates, lost, dangling } = figures;
  const kinds = [
    ['One finding, no pictures', figures],
    ['With a key image and a heat map', withPictures],
  ] as const;
  const lines = [
    `Measured with \`npm run bench -- fhir --write\` on ${machine.threads} threads of ${machine.processor} (the FHIR server's: ${machine.threadsOfServer}), load average ${machine.loadAverage}, writers: ${machine.writers}. Reports a second, the median of rounds in which each is measured on the same server:`,
    '',
    ...table(
      [
        'reports',
        'told',
        'posted raw',
        'ratio',
        'posted raw beside a busy writer',
        'ratio',
        'first ratio, round by round',
      ],
      kinds.map(([what, ratio]) => [
        what,
        ratio.writer.toFixed(1),
        `${ratio.server.toFixed(1)}, ${ratio.concurrency} at once`,
        ratio.ratioToServer.toFixed(2),
        ratio.busyServer.toFixed(1),
        ratio.ratioToBusyServer.toFixed(2),
        rangeOf(ratio),
      ]),
    ),
    '',
    ...table(
      ['under fire', 'twice', 'lost', 'references to nothing'],
      [
        [
          `${studies} studies said twice, ${atOnce} at once, ${kills} writers killed, ${refused} requests refused, ${unheard} answers not heard`,
          String(duplicates),
          String(lost),
          String(dangling),
        ],
      ],
    ),
  ];
  return { title: 'Filing', lines };
}

/** How far apart the first of the two ratios was from one round to the next. */
function rangeOf({ rounds }: Ratio): string {
  const ratios = rounds.map(({ writer, server }) => writer / server);
  return `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)} in ${rounds.length}`;
}
