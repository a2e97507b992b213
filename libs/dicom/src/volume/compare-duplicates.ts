import type { RefusedFrames } from './assemble-volumes.ts';
import { referenceOf } from './frame-description.ts';
import { readModalityValues, type ReadFrame, type Unreadable } from './read-slices.ts';
import type { Volume } from './volume.ts';
import type { VolumeIssue } from './volume-issue.ts';

/**
 * Looks at the pixels of slices that lie at one place: identical ones were sent twice and the volume stands; others are two pictures
 * of which nothing says which to read, and the volume is refused.
 */
export async function compareDuplicates(volume: Volume, read: ReadFrame): Promise<Volume | RefusedFrames | Unreadable> {
  const differing: Volume['duplicates'] = [];
  for (const duplicate of volume.duplicates) {
    const kept = await readModalityValues(duplicate.kept, read);
    if (kept.kind === 'unreadable') return kept;
    const dropped = await readModalityValues(duplicate.dropped, read);
    if (dropped.kind === 'unreadable') return dropped;
    if (!kept.values.every((value, i) => Object.is(value, dropped.values[i]))) differing.push(duplicate);
  }
  return differing.length === 0 ? { ...volume, issues: volume.issues.map(compared) } : refused(volume, differing);
}

function compared(issue: VolumeIssue): VolumeIssue {
  return issue.kind === 'duplicate-slices' ? { ...issue, pixels: 'identical' } : issue;
}

function refused(volume: Volume, differing: Volume['duplicates']): RefusedFrames {
  const frames = [...volume.slices.map(({ frame }) => frame), ...volume.duplicates.map(({ dropped }) => dropped)];
  const duplicates = differing.map(({ kept, dropped }) => ({ kept: referenceOf(kept), dropped: referenceOf(dropped) }));
  const refusal = { kind: 'contradicting-duplicates', duplicates } as const;
  return { kind: 'refused', frames, refusal, distinguishedBy: volume.distinguishedBy };
}
