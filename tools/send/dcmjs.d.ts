/** The part of dcmjs that wrapping a picture needs; the package brings no types. */
declare module 'dcmjs' {
  const dcmjs: {
    readonly data: {
      readonly DicomMetaDictionary: { denaturalizeDataset(dataset: Readonly<Record<string, unknown>>): object };
      readonly DicomDict: new (meta: object) => { dict: object; write(): ArrayBuffer };
    };
    readonly log: { setLevel(level: string): void };
  };
  export default dcmjs;
}
