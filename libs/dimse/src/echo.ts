import { implicitVrLittleEndian, verificationSopClass } from '@sightline/dicom';
import { commandField, encodeCommand } from './command-set.ts';
import { withAssociation, type DicomPeer, type Unavailable } from './requestor.ts';
import { sayStatus, status } from './status.ts';

/** C-ECHO (PS3.4 A.4): whether the peer associates with us and answers. */
export async function echo(peer: DicomPeer, signal: AbortSignal): Promise<'ok' | Unavailable> {
  const context = { id: 1, abstractSyntax: verificationSopClass, transferSyntaxes: [implicitVrLittleEndian] };
  let answered: string | undefined;
  const ended = await withAssociation(peer, [context], signal, async (association) => {
    if (association.transferSyntaxOf(context.id) === undefined) {
      answered = 'the peer does not take C-ECHO';
      return;
    }
    const command = (messageId: number): Buffer =>
      encodeCommand({
        commandField: commandField.cEchoRequest,
        messageId,
        affectedSopClassUid: verificationSopClass,
        hasDataSet: false,
      });
    const messageId = await association.request(context.id, command);
    const answer = await association.response(commandField.cEchoResponse, messageId);
    if (answer.status !== status.success) answered = `C-ECHO was answered with ${sayStatus(answer.status)}`;
  });
  if (ended !== undefined) return ended;
  return answered === undefined ? 'ok' : { kind: 'unavailable', reason: answered };
}
