import { implicitVrLittleEndian, verificationSopClass } from '@sightline/dicom';
import { commandField } from './command-set.ts';
import { withAssociation, type DicomPeer, type Unavailable } from './requestor.ts';
import { sayStatus, status } from './status.ts';

/** C-ECHO (PS3.4 A.4): whether the peer associates with us and answers. */
export async function echo(peer: DicomPeer, signal: AbortSignal): Promise<'ok' | Unavailable> {
  const context = { id: 1, abstractSyntax: verificationSopClass, transferSyntaxes: [implicitVrLittleEndian] };
  let refusal: string | undefined;
  const ended = await withAssociation(peer, [context], signal, async (association) => {
    if (association.transferSyntaxOf(context.id) === undefined) {
      refusal = 'the peer does not take C-ECHO';
      return;
    }
    const request = { commandField: commandField.cEchoRequest, affectedSopClassUid: verificationSopClass };
    const answer = await association.ask(context.id, request);
    if (answer !== status.success) refusal = `C-ECHO was answered with ${sayStatus(answer)}`;
  });
  if (ended !== undefined) return ended;
  return refusal === undefined ? 'ok' : { kind: 'unavailable', reason: refusal };
}
