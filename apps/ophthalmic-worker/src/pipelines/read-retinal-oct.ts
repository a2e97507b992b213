import { conclude, gateHeader, stackFrames, type Pipeline } from '@sightline/inference';

/** Models that look at OCT B-scans of the retina, one answer a frame: everything that is special about them is in their manifest. */
export const readRetinalOct: Pipeline = { gate: gateHeader, prepare: stackFrames, conclude };
