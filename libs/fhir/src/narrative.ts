import { type Narrative } from '@medplum/fhirtypes';

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Paragraphs as a generated narrative: what a reader without software sees of the resource. */
export function narrative(paragraphs: readonly string[]): Narrative {
  const body = paragraphs.map((text) => `<p>${escapeXml(text)}</p>`).join('');
  return { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">${body}</div>` };
}

/** Control characters are no XML at all, and DICOM texts sometimes hold them. */
function escapeXml(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, ' ').replaceAll(/[&<>"]/g, (found) => escapes[found] ?? found);
}
