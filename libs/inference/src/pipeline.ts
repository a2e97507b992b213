import type { ModelManifest, SkipReason } from '@sightline/contracts';
import type { DicomHeader, MonochromePixels } from '@sightline/dicom';
import type { Finding } from '@sightline/findings';
import type { Answer, Tensor } from './runtime.ts';

/** A model was asked about an image it was not made for. `detail` is one sentence for a clinician. */
export interface Refused {
  kind: 'refused';
  reason: SkipReason;
  detail: string;
}

/**
 * How models of one kind read one image: gate → prepare → conclude. A worker has one file per pipeline; whatever is not in the
 * ONNX graph is here, and whatever differs from model to model is in the manifest.
 */
export interface Pipeline {
  /** Whether the model may speak of this image at all; looks at the header alone. */
  gate(manifest: ModelManifest, header: DicomHeader): { kind: 'passed' } | Refused;
  /** The tensor the graph is shown. */
  prepare(manifest: ModelManifest, pixels: MonochromePixels): Tensor;
  /** One finding per output of the model, present or absent. */
  conclude(manifest: ModelManifest, header: DicomHeader, answer: Answer): Finding[];
}
