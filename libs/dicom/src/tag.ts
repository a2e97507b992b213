/**
 * The attributes the mesh reads, by keyword, with the value representation an implicit VR data set does not carry (PS3.6
 * chapter 6). Tags are one number, group × 65536 + element.
 */
export const attributes = {
  SpecificCharacterSet: { tag: 0x00080005, vr: 'CS' },
  ImageType: { tag: 0x00080008, vr: 'CS' },
  SOPClassUID: { tag: 0x00080016, vr: 'UI' },
  SOPInstanceUID: { tag: 0x00080018, vr: 'UI' },
  StudyDate: { tag: 0x00080020, vr: 'DA' },
  AcquisitionDate: { tag: 0x00080022, vr: 'DA' },
  ContentDate: { tag: 0x00080023, vr: 'DA' },
  StudyTime: { tag: 0x00080030, vr: 'TM' },
  AcquisitionTime: { tag: 0x00080032, vr: 'TM' },
  ContentTime: { tag: 0x00080033, vr: 'TM' },
  AccessionNumber: { tag: 0x00080050, vr: 'SH' },
  IssuerOfAccessionNumberSequence: { tag: 0x00080051, vr: 'SQ' },
  Modality: { tag: 0x00080060, vr: 'CS' },
  PresentationIntentType: { tag: 0x00080068, vr: 'CS' },
  Manufacturer: { tag: 0x00080070, vr: 'LO' },
  CodeValue: { tag: 0x00080100, vr: 'SH' },
  CodingSchemeDesignator: { tag: 0x00080102, vr: 'SH' },
  TimezoneOffsetFromUTC: { tag: 0x00080201, vr: 'SH' },
  StudyDescription: { tag: 0x00081030, vr: 'LO' },
  SeriesDescription: { tag: 0x0008103e, vr: 'LO' },
  ManufacturerModelName: { tag: 0x00081090, vr: 'LO' },
  AnatomicRegionSequence: { tag: 0x00082218, vr: 'SQ' },
  FrameType: { tag: 0x00089007, vr: 'CS' },
  PatientName: { tag: 0x00100010, vr: 'PN' },
  PatientID: { tag: 0x00100020, vr: 'LO' },
  IssuerOfPatientID: { tag: 0x00100021, vr: 'LO' },
  PatientBirthDate: { tag: 0x00100030, vr: 'DA' },
  PatientSex: { tag: 0x00100040, vr: 'CS' },
  PatientAge: { tag: 0x00101010, vr: 'AS' },
  BodyPartExamined: { tag: 0x00180015, vr: 'CS' },
  SliceThickness: { tag: 0x00180050, vr: 'DS' },
  EchoTime: { tag: 0x00180081, vr: 'DS' },
  ProtocolName: { tag: 0x00181030, vr: 'LO' },
  TriggerTime: { tag: 0x00181060, vr: 'DS' },
  ImagerPixelSpacing: { tag: 0x00181164, vr: 'DS' },
  ConvolutionKernel: { tag: 0x00181210, vr: 'SH' },
  ViewPosition: { tag: 0x00185101, vr: 'CS' },
  EffectiveEchoTime: { tag: 0x00189082, vr: 'FD' },
  DiffusionBValue: { tag: 0x00189087, vr: 'FD' },
  MREchoSequence: { tag: 0x00189114, vr: 'SQ' },
  MRDiffusionSequence: { tag: 0x00189117, vr: 'SQ' },
  CardiacSynchronizationSequence: { tag: 0x00189118, vr: 'SQ' },
  MRImageFrameTypeSequence: { tag: 0x00189226, vr: 'SQ' },
  CTReconstructionSequence: { tag: 0x00189314, vr: 'SQ' },
  CTImageFrameTypeSequence: { tag: 0x00189329, vr: 'SQ' },
  StudyInstanceUID: { tag: 0x0020000d, vr: 'UI' },
  SeriesInstanceUID: { tag: 0x0020000e, vr: 'UI' },
  AcquisitionNumber: { tag: 0x00200012, vr: 'IS' },
  InstanceNumber: { tag: 0x00200013, vr: 'IS' },
  PatientOrientation: { tag: 0x00200020, vr: 'CS' },
  ImagePositionPatient: { tag: 0x00200032, vr: 'DS' },
  ImageOrientationPatient: { tag: 0x00200037, vr: 'DS' },
  FrameOfReferenceUID: { tag: 0x00200052, vr: 'UI' },
  Laterality: { tag: 0x00200060, vr: 'CS' },
  ImageLaterality: { tag: 0x00200062, vr: 'CS' },
  TemporalPositionIdentifier: { tag: 0x00200100, vr: 'IS' },
  StackID: { tag: 0x00209056, vr: 'SH' },
  FrameContentSequence: { tag: 0x00209111, vr: 'SQ' },
  PlanePositionSequence: { tag: 0x00209113, vr: 'SQ' },
  PlaneOrientationSequence: { tag: 0x00209116, vr: 'SQ' },
  TemporalPositionIndex: { tag: 0x00209128, vr: 'UL' },
  NominalCardiacTriggerDelayTime: { tag: 0x00209153, vr: 'FD' },
  FrameAcquisitionNumber: { tag: 0x00209156, vr: 'US' },
  SamplesPerPixel: { tag: 0x00280002, vr: 'US' },
  PhotometricInterpretation: { tag: 0x00280004, vr: 'CS' },
  PlanarConfiguration: { tag: 0x00280006, vr: 'US' },
  NumberOfFrames: { tag: 0x00280008, vr: 'IS' },
  Rows: { tag: 0x00280010, vr: 'US' },
  Columns: { tag: 0x00280011, vr: 'US' },
  PixelSpacing: { tag: 0x00280030, vr: 'DS' },
  BitsAllocated: { tag: 0x00280100, vr: 'US' },
  BitsStored: { tag: 0x00280101, vr: 'US' },
  HighBit: { tag: 0x00280102, vr: 'US' },
  PixelRepresentation: { tag: 0x00280103, vr: 'US' },
  PixelPaddingValue: { tag: 0x00280120, vr: 'US' },
  PixelPaddingRangeLimit: { tag: 0x00280121, vr: 'US' },
  WindowCenter: { tag: 0x00281050, vr: 'DS' },
  WindowWidth: { tag: 0x00281051, vr: 'DS' },
  RescaleIntercept: { tag: 0x00281052, vr: 'DS' },
  RescaleSlope: { tag: 0x00281053, vr: 'DS' },
  VOILUTFunction: { tag: 0x00281056, vr: 'CS' },
  RedPaletteColorLookupTableDescriptor: { tag: 0x00281101, vr: 'US' },
  GreenPaletteColorLookupTableDescriptor: { tag: 0x00281102, vr: 'US' },
  BluePaletteColorLookupTableDescriptor: { tag: 0x00281103, vr: 'US' },
  RedPaletteColorLookupTableData: { tag: 0x00281201, vr: 'OW' },
  GreenPaletteColorLookupTableData: { tag: 0x00281202, vr: 'OW' },
  BluePaletteColorLookupTableData: { tag: 0x00281203, vr: 'OW' },
  SegmentedRedPaletteColorLookupTableData: { tag: 0x00281221, vr: 'OW' },
  SegmentedGreenPaletteColorLookupTableData: { tag: 0x00281222, vr: 'OW' },
  SegmentedBluePaletteColorLookupTableData: { tag: 0x00281223, vr: 'OW' },
  ModalityLUTSequence: { tag: 0x00283000, vr: 'SQ' },
  VOILUTSequence: { tag: 0x00283010, vr: 'SQ' },
  LUTDescriptor: { tag: 0x00283002, vr: 'US' },
  LUTData: { tag: 0x00283006, vr: 'OW' },
  PixelMeasuresSequence: { tag: 0x00289110, vr: 'SQ' },
  FrameVOILUTSequence: { tag: 0x00289132, vr: 'SQ' },
  PixelValueTransformationSequence: { tag: 0x00289145, vr: 'SQ' },
  RequestedProcedurePriority: { tag: 0x00401003, vr: 'SH' },
  RequestAttributesSequence: { tag: 0x00400275, vr: 'SQ' },
  RequestedProcedureID: { tag: 0x00401001, vr: 'SH' },
  LocalNamespaceEntityID: { tag: 0x00400031, vr: 'UT' },
  UniversalEntityID: { tag: 0x00400032, vr: 'UT' },
  PresentationLUTShape: { tag: 0x20500020, vr: 'CS' },
  SharedFunctionalGroupsSequence: { tag: 0x52009229, vr: 'SQ' },
  PerFrameFunctionalGroupsSequence: { tag: 0x52009230, vr: 'SQ' },
  PixelData: { tag: 0x7fe00010, vr: 'OW' },
} as const satisfies Record<string, { tag: number; vr: string }>;

export type Keyword = keyof typeof attributes;

/**
 * Where a header reader stops: encapsulated documents (0042), plans and contours (3006, 300A), per-frame functional groups (5200),
 * waveforms (5400) and pixels (7FE0) follow, hold nothing it needs, and may be larger than all before.
 */
export const afterHeader = 0x00420000;

const vrByTag: ReadonlyMap<number, string> = new Map(Object.values(attributes).map(({ tag, vr }) => [tag, vr]));

/** The value representation of an attribute the mesh reads; UN for the rest of the dictionary. */
export function vrOf(tag: number): string {
  return vrByTag.get(tag) ?? 'UN';
}

/** (gggg,eeee), as the standard writes a tag. */
export function tagText(tag: number): string {
  const digits = tag.toString(16).padStart(8, '0');
  return `(${digits.slice(0, 4)},${digits.slice(4)})`;
}
