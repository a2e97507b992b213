/** Longest values, in characters, of the textual VRs that are cut to it (PS3.5 Table 6.2-1). */
const longest = { LO: 64, SH: 16, CS: 16, PN: 64, ST: 1024 } as const;

/** Text as a value of a VR: without what separates values, padding or control characters, and no longer than the VR allows. */
export function limitedText(vr: keyof typeof longest, text: string): string {
  const plain = text.replaceAll(/[\\\p{Cc}]+/gu, ' ').trim();
  return [...plain].slice(0, longest[vr]).join('').trimEnd();
}

/** What a person is called, as the first component of a name: component separators are none of it (PS3.5 6.2.1). */
export function personName(name: string): string {
  return `${limitedText('PN', name.replaceAll(/[\^=]+/g, ' '))}^`;
}

/** A person as said by a name that we wrote: its one component. */
export function plainName(personName: string): string {
  return personName.replace(/\^$/, '');
}
