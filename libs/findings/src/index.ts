export { codedConceptSchema, type CheckedCode, type CodedConcept } from './coded-concept.ts';
export { checkedCode, codes, concept } from './codes.ts';
export {
  findingSchema,
  sourceImageSchema,
  type Finding,
  type Laterality,
  type Measurement,
  type SourceImage,
} from './finding.ts';
