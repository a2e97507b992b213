/** A warning of the server's validator that is let through, and why. */
export interface KnownWarning {
  /** Of the element's path, a colon and the warning. */
  readonly pattern: RegExp;
  readonly reason: string;
}

const codeTable = 'its codes are held to the code table instead';

export const knownWarnings: readonly KnownWarning[] = [
  {
    pattern: /^(?!DiagnosticReport|Observation)\w+: Constraint failed: dom-6/,
    reason: 'What people read, report and findings, has a narrative; what one machine tells another needs none.',
  },
  {
    pattern: /^Observation: .*all observations should have a performer$/,
    reason: 'A performer is a person or an organisation; what a model found names its Device, and never somebody.',
  },
  {
    pattern: /^Observation: .*all observations should have an effective\[x\] \(\)$/,
    reason: 'When a finding held is when its images were taken; where they say no time, none is made up.',
  },
  {
    pattern:
      /^\w+\.meta\.security\[\d\]: .*v3-ObservationValue#AIAST\) was not found in the value set 'SecurityLabels'/,
    reason: 'HL7 Terminology 7.x defines the label of what AI asserted; the value set of R4 is older.',
  },
  {
    pattern: /^Provenance\.reason\[\d\]: None of the codings .*\(codes = \S+v3-ObservationValue#AIAST\)$/,
    reason: 'AI Transparency on FHIR gives this reason, which is none of the purposes of use that R4 prefers.',
  },
  {
    pattern: /^ImagingStudy\.(series\[\d+\]\.)?modality.*: ValueSet '\S+sect_CID_29\.html' not found$/,
    reason: `DICOM publishes its context groups outside FHIR: ${codeTable}.`,
  },
  {
    pattern: /^ImagingStudy\.series\[\d+\]\.instance\[\d+\]\.sopClass: ValueSet '\S+sect_B\.5\.html\S+' not found$/,
    reason: 'DICOM publishes its SOP classes outside FHIR; the images themselves say theirs.',
  },
  {
    pattern:
      /: (CodeSystem is unknown|Unable to expand ValueSet because CodeSystem could not be found).*http:\/\/loinc\.org/,
    reason: `LOINC is not passed on with the validator: ${codeTable}.`,
  },
  {
    pattern: /: CodeSystem is unknown and can't be validated: https:\/\/sightline\.dev\/fhir\/CodeSystem\//,
    reason: `The code systems of our own are defined in the code table: ${codeTable}.`,
  },
];
