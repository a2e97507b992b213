import { type DocumentReference } from '@medplum/fhirtypes';
import { identifierSystems } from './identifiers.ts';
import { type ModelOfResult } from '@sightline/findings';

/** The model card beside the results: what the model is for, how it was measured, where it fails. */
export function modelCard(model: ModelOfResult, card: string): DocumentReference {
  return {
    resourceType: 'DocumentReference',
    identifier: [{ system: identifierSystems.modelCard, value: `${model.name}@${model.version}` }],
    status: 'current',
    type: { text: 'AI model card' },
    description: `Model card of ${model.title} ${model.version}`,
    content: [
      {
        attachment: {
          contentType: 'text/markdown',
          title: `${model.name} ${model.version}`,
          data: base64(card),
        },
      },
    ],
  };
}

function base64(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCodePoint(byte)).join(''));
}
