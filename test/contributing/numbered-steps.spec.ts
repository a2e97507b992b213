import { describe, expect, it } from '@jest/globals';
import { namesInSteps } from './numbered-steps.ts';

const document = `# Paper

## Add a cup

1. A \`cup\`, of
   \`clay\`.
2. Fire it.

\`Nothing\` else.

## Add a plate

1. A \`plate\`.
`;

describe('the steps of a list', () => {
  it('are its numbered items with the names they give, whatever is written around them', () => {
    expect(namesInSteps(document, 'Add a cup')).toEqual([['cup', 'clay'], []]);
    expect(namesInSteps(document, 'Add a plate')).toEqual([['plate']]);
  });

  it('are seen to have become more, or to name more', () => {
    const longer = document
      .replace('\n\n`Nothing`', '\n3. `Glaze` it.\n\n`Nothing`')
      .replace('Fire it', 'Fire it in a `kiln`');
    expect(namesInSteps(longer, 'Add a cup')).toEqual([['cup', 'clay'], ['kiln'], ['Glaze']]);
  });

  it('are none below a heading that is not there', () => {
    expect(namesInSteps(document, 'Add')).toEqual([]);
  });
});
