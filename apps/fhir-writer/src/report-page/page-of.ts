import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import type { InferenceCompleted } from '@sightline/contracts';
import type { ResultSet } from '@sightline/findings';
import type { ObjectStore } from '@sightline/object-store';
import { counter, describeError, type Logger } from '@sightline/platform';
import { drawReportPage } from './draw-report-page.ts';
import { picturesOf } from './pictures-of.ts';

const notDrawn = counter('sightline_filing_pages_not_drawn_total', 'Reports told without a page to read');

/** Makes the page that goes with a report. */
export type PageOf = (set: ResultSet, answer: InferenceCompleted) => Promise<string | undefined>;

/** Pages as base64; undefined where one cannot be drawn, which is a defect of ours and holds no report up. */
export function pagesFrom(objects: ObjectStore, log: Logger): PageOf {
  let last: Promise<unknown> = Promise.resolve();
  return async (set, answer) => {
    try {
      const pictures = await picturesOf(answer, objects);
      // One in a turn: many drawn in one go would keep waiting all else that this process does, and servers with it.
      const page = last.then(() => drawReportPage(set, pictures));
      last = page.catch(() => undefined).then(() => turnOfTheLoop());
      return (await page).toString('base64');
    } catch (error) {
      notDrawn.inc();
      const { studyInstanceUid } = set.study;
      log.error('page-not-drawn', { studyInstanceUid, model: set.model.name, error: describeError(error) });
      return undefined;
    }
  };
}
