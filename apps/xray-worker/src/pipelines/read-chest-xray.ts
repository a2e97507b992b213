import { conclude, gateHeader, stackFrames, type Pipeline } from '@sightline/inference';

/** Models that look at whole chest radiographs, one answer an image: everything that is special about them is in their manifest. */
export const readChestXray: Pipeline = { gate: gateHeader, prepare: stackFrames, conclude };
