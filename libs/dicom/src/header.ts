import { bodyPartOfRegion } from './anatomic-region.ts';
import { decodeText } from './character-set.ts';
import { firstItemOf, integerOf, parseDataSet, valueOf, type DataSet } from './data-set.ts';
import { readFileMeta } from './file-meta.ts';
import { isoDate, patientAge, type PatientAge } from './patient-age.ts';
import { afterHeader, attributes, type Keyword } from './tag.ts';
import { deflatedExplicitVrLittleEndian, elementEncoding } from './transfer-syntax.ts';
import { parseUid, type Uid } from './uid.ts';

/** Raw values by keyword, decoded text, values of a multi-valued attribute separated by a backslash as sent. */
export type RawDataset = Partial<Record<Keyword, string>>;

/** What the mesh reads of one SOP Instance without touching its pixels. */
export interface DicomHeader {
  transferSyntaxUid: Uid;
  sopClassUid: Uid;
  sopInstanceUid: Uid;
  studyInstanceUid: Uid;
  seriesInstanceUid: Uid;
  /** (0008,0060); `OT` where the instance has none. */
  modality: string;
  dataset: RawDataset;
  patient: {
    id?: string;
    /** Issuer of Patient ID (0010,0021). */
    issuer?: string;
    /** DICOM components, Family^Given^Middle^Prefix^Suffix, alphabetic group. */
    name?: string;
    /** YYYY-MM-DD */
    birthDate?: string;
    sex?: 'M' | 'F' | 'O';
  };
  /** Age at the study date; absent where nothing well formed says it. */
  age?: PatientAge;
  accessionNumber?: string;
  /** First of Universal and Local Namespace Entity ID of (0008,0051). */
  issuerOfAccessionNumber?: string;
  description?: string;
  /** Study date and time as ISO 8601; with offset only where (0008,0201) gives one, else local time of the site. */
  studyStartedAt?: string;
  /** Acquisition (else content) date and time, same rule. */
  acquiredAt?: string;
  instanceNumber?: number;
  imageType: string[];
  /** Body Part Examined (0018,0015), upper case, else its term for Anatomic Region Sequence (0008,2218). */
  bodyPart?: string;
  /** View Position (0018,5101), upper case. */
  viewPosition?: string;
  /** Side named by the image's own attributes: Image Laterality (0020,0062), else Laterality (0020,0060). B is both. */
  laterality?: { side: 'L' | 'R' | 'B'; source: 'ImageLaterality' | 'Laterality' };
  patientOrientation: string[];
  /** Direction cosines of the row, then of the column (0020,0037). */
  imageOrientationPatient?: number[];
  rows?: number;
  columns?: number;
  numberOfFrames: number;
}

export type ReadHeader = { kind: 'header'; header: DicomHeader } | { kind: 'invalid'; reason: string };

/** Turns deflated bytes back (PS3.5 A.5) as far as they go, or undefined where they are none; bounded by whoever provides it. */
export type Inflate = (deflated: Uint8Array) => Uint8Array | undefined;

const binaryVrs: ReadonlySet<string> = new Set(['US', 'UL', 'FD', 'AT', 'SQ', 'OF', 'OW']);

const textKeywords = (Object.keys(attributes) as Keyword[]).filter((keyword) => !binaryVrs.has(attributes[keyword].vr));

/** Longest text kept of one attribute, in bytes: longer ones are not what their keyword says. */
const longestText = 4_096;

function textOf(dataSet: DataSet, keyword: Keyword, characterSet: string): string | undefined {
  const value = valueOf(dataSet, keyword);
  if (value === undefined || value.length > longestText) return undefined;
  return decodeText(value, characterSet) || undefined;
}

function rawDataset(dataSet: DataSet): RawDataset {
  const characterSet = textOf(dataSet, 'SpecificCharacterSet', '') ?? '';
  const raw: RawDataset = {};
  for (const keyword of textKeywords) {
    const text = textOf(dataSet, keyword, characterSet);
    if (text !== undefined) raw[keyword] = text;
  }
  const request = firstItemOf(dataSet, 'RequestAttributesSequence');
  for (const keyword of ['AccessionNumber', 'RequestedProcedureID', 'RequestedProcedurePriority'] as const) {
    const text = request === undefined ? undefined : textOf(request, keyword, characterSet);
    if (text !== undefined) raw[keyword] ??= text;
  }
  return raw;
}

function issuerOfAccession(dataSet: DataSet): string | undefined {
  const request = firstItemOf(dataSet, 'RequestAttributesSequence');
  const issuer =
    firstItemOf(dataSet, 'IssuerOfAccessionNumberSequence') ??
    (request && firstItemOf(request, 'IssuerOfAccessionNumberSequence'));
  if (issuer === undefined) return undefined;
  return textOf(issuer, 'UniversalEntityID', '') ?? textOf(issuer, 'LocalNamespaceEntityID', '');
}

/** Ophthalmic images must code what they show and need not name a body part (PS3.3 C.8.17.5). */
function anatomicRegion(dataSet: DataSet): string | undefined {
  const region = firstItemOf(dataSet, 'AnatomicRegionSequence');
  return region && bodyPartOfRegion(textOf(region, 'CodeValue', ''), textOf(region, 'CodingSchemeDesignator', ''));
}

function values(text: string | undefined): string[] {
  return text === undefined ? [] : text.split('\\').map((value) => value.trim());
}

function instant(date: string | undefined, time: string | undefined, offset: string | undefined): string | undefined {
  const day = isoDate(values(date)[0]);
  if (day === undefined) return undefined;
  const match = /^(\d{2}):?(\d{2})?:?(\d{2})?(?:\.(\d{1,6}))?$/.exec(values(time)[0] ?? '');
  if (match === null || Number(match[1]) > 23 || Number(match[2] ?? 0) > 59 || Number(match[3] ?? 0) > 60) return day;
  // A leap second (60) has no place in ISO readers; the second before it is the honest neighbour.
  const second = match[3] === '60' ? '59' : (match[3] ?? '00');
  const zone = /^([+-])(\d{2})(\d{2})$/.exec(offset?.trim() ?? '');
  const fraction = match[4] === undefined ? '' : `.${match[4].padEnd(3, '0').slice(0, 3)}`;
  return `${day}T${match[1]}:${match[2] ?? '00'}:${second}${fraction}${zone === null ? '' : `${zone[1]}${zone[2]}:${zone[3]}`}`;
}

function sexOf(text: string | undefined): 'M' | 'F' | 'O' | undefined {
  return text === 'M' || text === 'F' || text === 'O' ? text : undefined;
}

function lateralityOf(raw: RawDataset): DicomHeader['laterality'] {
  for (const source of ['ImageLaterality', 'Laterality'] as const) {
    const side = raw[source];
    if (side === 'L' || side === 'R' || side === 'B') return { side, source };
  }
  return undefined;
}

function numbersOf(text: string | undefined, count: number): number[] | undefined {
  const numbers = values(text).map(Number);
  return numbers.length === count && numbers.every(Number.isFinite) ? numbers : undefined;
}

function patientOf(raw: RawDataset): DicomHeader['patient'] {
  return defined({
    id: raw.PatientID,
    issuer: raw.IssuerOfPatientID,
    name: raw.PatientName?.split('=')[0] || undefined,
    birthDate: isoDate(raw.PatientBirthDate),
    sex: sexOf(raw.PatientSex),
  });
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> } & {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
};

/** The object without its undefined members, as exactOptionalPropertyTypes wants it. */
function defined<T extends object>(members: T): Defined<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Defined<T>;
}

function identified(
  raw: RawDataset,
): { kind: 'uids'; uids: Record<UidKeyword, Uid> } | { kind: 'invalid'; reason: string } {
  const uids: Partial<Record<UidKeyword, Uid>> = {};
  for (const keyword of uidKeywords) {
    const text = raw[keyword];
    const uid = parseUid(text);
    if (uid === undefined)
      return { kind: 'invalid', reason: `${keyword} is ${text === undefined ? 'missing' : 'not a UID'}` };
    uids[keyword] = uid;
  }
  return { kind: 'uids', uids: uids as Record<UidKeyword, Uid> };
}

const uidKeywords = ['SOPClassUID', 'SOPInstanceUID', 'StudyInstanceUID', 'SeriesInstanceUID'] as const;
type UidKeyword = (typeof uidKeywords)[number];

function integer(text: string | undefined): number | undefined {
  return text !== undefined && /^[+-]?\d{1,12}$/.test(text) ? Number(text) : undefined;
}

function headerOf(dataSet: DataSet, transferSyntaxUid: Uid): ReadHeader {
  const raw = rawDataset(dataSet);
  const identity = identified(raw);
  if (identity.kind === 'invalid') return identity;
  const offset = raw.TimezoneOffsetFromUTC;
  const header: DicomHeader = {
    transferSyntaxUid,
    sopClassUid: identity.uids.SOPClassUID,
    sopInstanceUid: identity.uids.SOPInstanceUID,
    studyInstanceUid: identity.uids.StudyInstanceUID,
    seriesInstanceUid: identity.uids.SeriesInstanceUID,
    modality: raw.Modality ?? 'OT',
    dataset: raw,
    patient: patientOf(raw),
    imageType: values(raw.ImageType),
    patientOrientation: values(raw.PatientOrientation),
    numberOfFrames: integer(raw.NumberOfFrames) ?? 1,
    ...defined({
      age: patientAge(raw),
      accessionNumber: raw.AccessionNumber,
      issuerOfAccessionNumber: issuerOfAccession(dataSet),
      description: raw.StudyDescription,
      studyStartedAt: instant(raw.StudyDate, raw.StudyTime, offset),
      acquiredAt:
        instant(raw.AcquisitionDate, raw.AcquisitionTime, offset) ?? instant(raw.ContentDate, raw.ContentTime, offset),
      instanceNumber: integer(raw.InstanceNumber),
      bodyPart: raw.BodyPartExamined?.toUpperCase() ?? anatomicRegion(dataSet),
      viewPosition: raw.ViewPosition?.toUpperCase(),
      laterality: lateralityOf(raw),
      imageOrientationPatient: numbersOf(raw.ImageOrientationPatient, 6),
      rows: integerOf(dataSet, 'Rows'),
      columns: integerOf(dataSet, 'Columns'),
    }),
  };
  return { kind: 'header', header };
}

/** Header of a data set that stands alone, as C-STORE brings it, or of its first part up to where `DataSetStructure` says. */
export function readDataSetHeader(dataSet: Uint8Array, transferSyntaxUid: Uid, inflate?: Inflate): ReadHeader {
  let bytes: Uint8Array | undefined = dataSet;
  if (transferSyntaxUid === deflatedExplicitVrLittleEndian) {
    if (inflate === undefined) return { kind: 'invalid', reason: 'deflated data sets are not read here' };
    bytes = inflate(dataSet);
    if (bytes === undefined) return { kind: 'invalid', reason: 'the deflated data set does not inflate' };
  }
  const parsed = parseDataSet(bytes, elementEncoding(transferSyntaxUid), { untilTag: afterHeader });
  return parsed.kind === 'invalid' ? parsed : headerOf(parsed.dataSet, transferSyntaxUid);
}

/**
 * Header of a Part 10 file (PS3.10 chapter 7). Reads up to the per-frame functional groups or the pixels, decodes none of them,
 * copies nothing, never throws: malformed input gives `invalid` with a reason that holds no patient data.
 */
export function readHeader(bytes: Uint8Array, inflate?: Inflate): ReadHeader {
  const read = readFileMeta(bytes);
  if (read.kind === 'invalid') return read;
  return readDataSetHeader(bytes.subarray(read.meta.dataSetOffset), read.meta.transferSyntaxUid, inflate);
}
