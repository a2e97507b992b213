import { ownDevice, type Uid } from '@sightline/dicom';
import { codes, concept } from '@sightline/findings';
import { personName } from '../limited-text.ts';
import type { ContentItem } from './content-item.ts';

const { dicom } = codes;

/** The device that observed (TID 1002, TID 1004): the mesh, by the UID of the algorithm it runs. */
export function deviceObserver(uid: Uid): ContentItem[] {
  return [
    observerType('device'),
    context({ type: 'UIDREF', text: uid }, 'deviceObserverUid'),
    context({ type: 'TEXT', text: ownDevice.manufacturer }, 'deviceObserverName'),
    context({ type: 'TEXT', text: ownDevice.manufacturer }, 'deviceObserverManufacturer'),
    context({ type: 'TEXT', text: ownDevice.modelName }, 'deviceObserverModelName'),
  ];
}

/** The person who observed instead (TID 1002, TID 1003). */
export function personObserver(name: string): ContentItem[] {
  return [observerType('person'), context({ type: 'PNAME', text: personName(name) }, 'personObserverName')];
}

function observerType(type: 'device' | 'person'): ContentItem {
  return context({ type: 'CODE', code: concept(dicom[type]) }, 'observerType');
}

type Said = { type: 'CODE'; code: ReturnType<typeof concept> } | { type: 'TEXT' | 'UIDREF' | 'PNAME'; text: string };

function context(said: Said, name: keyof typeof dicom): ContentItem {
  return { ...said, relationship: 'HAS OBS CONTEXT', name: concept(dicom[name]) };
}
