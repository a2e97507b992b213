import { describe, expect, it } from '@jest/globals';
import { createLogger } from './logger.ts';

function linesOf(write: (log: ReturnType<typeof createLogger>) => void): Record<string, unknown>[] {
  const lines: string[] = [];
  write(createLogger('dicom-ingest', 'info', { write: (line) => void lines.push(line) }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('a log line', () => {
  it('is JSON with app, level, time, event and its fields', () => {
    const [line] = linesOf((log) => log.info('instance-stored', { sopInstanceUid: '1.2.3', bytes: 4 }));
    expect(line).toMatchObject({
      app: 'dicom-ingest',
      level: 'info',
      event: 'instance-stored',
      sopInstanceUid: '1.2.3',
      bytes: 4,
    });
    expect(Date.parse(String(line?.['time']))).not.toBeNaN();
  });

  it('below the configured level is not written', () => {
    expect(linesOf((log) => log.debug('chatter'))).toEqual([]);
  });
});
