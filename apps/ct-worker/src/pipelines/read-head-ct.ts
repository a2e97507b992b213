import { conclude, gateHeader, stackFrames, type Pipeline } from '@sightline/inference';

/** Models that look at head CT, one answer for the slices of a volume: everything that is special about them is in their manifest. */
export const readHeadCt: Pipeline = { gate: gateHeader, prepare: stackFrames, conclude };
