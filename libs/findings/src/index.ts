export { codedConceptSchema, type CheckedCode, type CodedConcept } from './coded-concept.ts';
export { checkedCode, codes, concept, everyCheckedCode } from './codes.ts';
export {
  findingSchema,
  lateralitySchema,
  measurementSchema,
  sourceImageSchema,
  type Finding,
  type Laterality,
  type Measurement,
  type SourceImage,
} from './finding.ts';
