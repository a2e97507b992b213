import { type CheckedCode } from './coded-concept.ts';

const system = 'https://sightline.dev/fhir/CodeSystem/refusal';

/** Why a model did not speak of a study or an image. No published code system says so; a refusal is never a negative. */
export const refusals = {
  'no-model': refusal('no-model', 'No model', 'No model in service reads images of this modality.'),
  'no-image': refusal('no-image', 'No image', 'The study holds no image that a model may be shown.'),
  'wrong-modality': refusal('wrong-modality', 'Wrong modality', 'The model reads another modality.'),
  'wrong-body-part': refusal('wrong-body-part', 'Wrong body part', 'Another body part, or none, is stated.'),
  'wrong-view': refusal('wrong-view', 'Wrong view', 'Another view, or none, is stated.'),
  'age-unknown': refusal('age-unknown', 'Age unknown', 'The model reads an age range and no reliable age is stated.'),
  'age-out-of-range': refusal('age-out-of-range', 'Age out of range', 'The patient is outside the age range.'),
  'unsupported-transfer-syntax': refusal(
    'unsupported-transfer-syntax',
    'Unsupported transfer syntax',
    'The pixels are encoded in a way that is not decoded here.',
  ),
  'unsupported-pixels': refusal(
    'unsupported-pixels',
    'Unsupported pixels',
    'The pixels are damaged, or of a kind the model was not made for.',
  ),
  'wrong-geometry': refusal(
    'wrong-geometry',
    'Wrong geometry',
    'The images do not say where in the patient they lie, or contradict each other.',
  ),
  'wrong-plane': refusal('wrong-plane', 'Wrong plane', 'The slices lie in another plane than the model reads.'),
  'incomplete-volume': refusal('incomplete-volume', 'Incomplete volume', 'Slices are missing or too few.'),
  blank: refusal('blank', 'Blank image', 'The image shows next to nothing.'),
  'text-only': refusal('text-only', 'Text only', 'The image holds burnt-in text or drawing and no anatomy.'),
  inverted: refusal('inverted', 'Inverted greys', 'Black and white of the image seem to be exchanged.'),
  rotated: refusal('rotated', 'Rotated', 'The image seems to be turned or upside down.'),
  'poor-quality': refusal('poor-quality', 'Poor image quality', 'Noise, blur or exposure leave too little to read.'),
  'out-of-distribution': refusal(
    'out-of-distribution',
    'Out of distribution',
    'The image is unlike those the model was made and measured on.',
  ),
} as const satisfies Record<string, CheckedCode>;

function refusal<const C extends string>(code: C, display: string, definition: string): CheckedCode & { code: C } {
  return { system, code, display, status: 'local', checked: 'defined here', definition };
}
