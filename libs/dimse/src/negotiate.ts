import {
  explicitVrLittleEndian,
  implicitVrLittleEndian,
  isKnownTransferSyntax,
  isStorageSopClass,
  verificationSopClass,
} from '@sightline/dicom';
import type { AssociateRequest, ContextResult, ProposedContext, Rejection } from './pdu.ts';

/** Who may call, and by which name. */
export interface AssociationRules {
  aeTitle: string;
  /** Refuse callers who call another AE title than ours. */
  requireCalledAeTitle: boolean;
  /** The only AE titles that may call; empty lets everyone. */
  callingAeTitles: readonly string[];
}

const dicomApplicationContext = '1.2.840.10008.3.1.1.1';

/** Why a request is refused as a whole, or undefined. */
export function refuseAssociation(request: AssociateRequest, rules: AssociationRules): Rejection | undefined {
  if ((request.protocolVersion & 1) === 0) return 'protocolVersionNotSupported';
  if (request.applicationContext !== dicomApplicationContext) return 'applicationContextNotSupported';
  if (rules.requireCalledAeTitle && request.calledAeTitle !== rules.aeTitle) return 'calledAeTitleNotRecognized';
  const known = rules.callingAeTitles.length === 0 || rules.callingAeTitles.includes(request.callingAeTitle);
  return known ? undefined : 'callingAeTitleNotRecognized';
}

/** The caller's first choice that is known; implicit VR only where the explicit one is not offered, since it loses the VRs. */
function chooseTransferSyntax(offered: readonly string[]): string | undefined {
  const known = offered.filter(isKnownTransferSyntax);
  const first = known[0];
  return first === implicitVrLittleEndian && known.includes(explicitVrLittleEndian) ? explicitVrLittleEndian : first;
}

/** Verification and every storage SOP class, in any transfer syntax whose bytes carry the whole instance. */
export function negotiateContext({ id, abstractSyntax, transferSyntaxes }: ProposedContext): ContextResult {
  if (abstractSyntax !== verificationSopClass && !isStorageSopClass(abstractSyntax)) {
    return { id, result: 'abstract-syntax-not-supported' };
  }
  const transferSyntax = chooseTransferSyntax(transferSyntaxes);
  if (transferSyntax === undefined) return { id, result: 'transfer-syntaxes-not-supported' };
  return { id, result: 'accepted', abstractSyntax, transferSyntax };
}
