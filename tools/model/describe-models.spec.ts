import { describe, expect, it } from '@jest/globals';
import { describeDecided, describeStatus } from './describe-models.ts';

const row = { decidedBy: 'op-1', decidedAt: '2026-01-02T03:04:05.678Z', reason: 'because', missing: [] };

describe('what people read', () => {
  it('is a table with a row for each version and what it lacks', () => {
    const text = describeStatus({
      models: [
        {
          name: 'reader',
          revision: 4,
          versions: [
            {
              ...row,
              version: '1.10.0',
              role: 'shadow',
              agreement: { studies: 40, agreed: 38 },
              missing: ['card.json is not there', 'the manifest names no gates'],
            },
            { ...row, version: '1.9.0', role: 'primary' },
          ],
        },
      ],
      refused: [{ folder: 'broken', reason: 'model.json is not JSON' }],
    });
    expect(text.split('\n')).toEqual([
      'MODEL   VERSION  ROLE     SINCE                 BY    REVISION  AS PRIMARY SAID  EVIDENCE TO BE PRIMARY',
      'reader  1.10.0   shadow   2026-01-02T03:04:05Z  op-1  4         38 of 40         card.json is not there; the manifest names no gates',
      'reader  1.9.0    primary  2026-01-02T03:04:05Z  op-1  4                          complete',
      'refused: broken: model.json is not JSON',
    ]);
    expect(describeStatus({ models: [], refused: [] })).toBe('no models');
  });

  it('says of a decision who moved, and of a dry run that nobody did', () => {
    const moves = [
      { version: '1.0.0', from: 'primary', to: 'retired' },
      { version: '1.1.0', from: 'shadow', to: 'primary' },
    ];
    const swap = 'reader@1.0.0: primary → retired\nreader@1.1.0: shadow → primary\n';
    expect(describeDecided({ name: 'reader', revision: 5, moves, decidedAt: 'now' })).toBe(`${swap}revision 5`);
    expect(describeDecided({ name: 'reader', revision: 4, moves })).toBe(`${swap}dry run: nothing was changed`);
  });
});
