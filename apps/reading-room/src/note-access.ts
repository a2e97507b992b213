import type { AuditRecorded } from '@sightline/contracts';
import { codes, concept, type CodedConcept } from '@sightline/findings';
import type { User } from '@sightline/platform';

/** One look lasts a quarter of an hour: a page that renews itself every few seconds is one event per person and study, not thousands. */
const lookMs = 15 * 60_000;

type Look = 'worklist' | 'record' | 'images';

const types: Record<Look, CodedConcept> = {
  worklist: concept(codes.dicom.query),
  record: concept(codes.dicom.patientRecord),
  images: concept(codes.dicom.dicomInstancesAccessed),
};

/** A person looked at the worklist, at what is known of a study, or at its images. */
export function access(look: Look, user: User, studyInstanceUid: string | undefined, now: Date): AuditRecorded {
  const from = new Date(Math.floor(now.getTime() / lookMs) * lookMs).toISOString();
  const subject = studyInstanceUid ?? 'worklist';
  return {
    id: `audit/${look}-viewed/${subject}/${user.subject}/${from}`,
    subject,
    app: 'reading-room',
    recordedAt: now.toISOString(),
    type: types[look],
    action: look === 'worklist' ? 'E' : 'R',
    outcome: '0',
    agent: person(user),
    entities: studyInstanceUid === undefined ? [] : [{ kind: 'study', id: studyInstanceUid }],
  };
}

type Authentication = 'signed-in' | 'signed-out' | 'refused';

/** A person signed in, signed out, or was refused for want of a role. `id` is random: each time is an event of its own. */
export function authentication(what: Authentication, id: string, user: User, now: Date): AuditRecorded {
  return {
    id: `audit/${what}/${id}`,
    subject: 'sign-in',
    app: 'reading-room',
    recordedAt: now.toISOString(),
    type: concept(codes.dicom.userAuthentication),
    subtype: concept(what === 'signed-out' ? codes.dicom.logout : codes.dicom.login),
    action: 'E',
    outcome: what === 'refused' ? '8' : '0',
    ...(what === 'refused' ? { outcomeText: 'no role that opens the reading room' } : {}),
    agent: person(user),
    entities: [],
  };
}

function person({ subject, roles }: User): AuditRecorded['agent'] {
  const role = roles.join(' ');
  return { kind: 'person', name: subject, ...(role === '' ? {} : { role }) };
}
