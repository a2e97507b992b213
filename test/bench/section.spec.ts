import { describe, expect, it } from '@jest/globals';
import { withSection } from './section.ts';

const page = '# Benchmarks\n\n## One\n\n1.0\n\n## Other\n\n2.0\n';

describe('docs/benchmarks.md', () => {
  it('keeps what the other benches measured when one is measured again', () => {
    const again = withSection(page, { title: 'One', lines: ['1.1', '', 'on another machine'] });
    expect(again).toBe('# Benchmarks\n\n## One\n\n1.1\n\non another machine\n\n## Other\n\n2.0\n');
  });

  it('takes the same figures twice without a change', () => {
    expect(withSection(page, { title: 'Other', lines: ['2.0'] })).toBe(page);
  });

  it('has what was never measured before at its end, whatever its title begins with', () => {
    const more = withSection(page, { title: 'On', lines: ['3.0'] });
    expect(more).toBe(`${page}\n## On\n\n3.0\n`);
  });
});
