import type { CodedConcept } from '@sightline/findings';

export type Relationship = 'CONTAINS' | 'HAS OBS CONTEXT' | 'HAS CONCEPT MOD' | 'HAS ACQ CONTEXT';

/** A SOP Instance that a document points at, and the part of it that is meant (PS3.3 C.18.3, C.18.4). */
export interface InstanceReference {
  sopClassUid: string;
  sopInstanceUid: string;
  frames?: readonly number[];
  segments?: readonly number[];
}

/** What a content item says, by its value type (PS3.3 C.17.3). */
export type ContentValue =
  | { type: 'CONTAINER'; template?: string }
  | { type: 'CODE'; code: CodedConcept }
  | { type: 'TEXT' | 'UIDREF' | 'PNAME'; text: string }
  | { type: 'NUM'; value: number; unit: { code: string; display: string } }
  | { type: 'IMAGE' | 'COMPOSITE'; reference: InstanceReference };

/**
 * A node of a document's content tree: its relationship with the one above, its concept name, what it says, and what is below. Where it
 * was not said when the document was, `observedAt` is when (0040,A032): a DT with offset.
 */
export type ContentItem = ContentValue & {
  relationship: Relationship;
  name?: CodedConcept;
  observedAt?: string;
  children?: readonly ContentItem[];
};

/** The tree's root, which has no relationship. */
export type ContentRoot = Extract<ContentValue, { type: 'CONTAINER' }> & {
  name: CodedConcept;
  children: readonly ContentItem[];
};
