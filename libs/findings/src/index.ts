export { codedConceptSchema, type CodedConcept } from './coded-concept.ts';
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
