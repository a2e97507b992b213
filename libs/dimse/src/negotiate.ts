import {
  explicitVrLittleEndian,
  implicitVrLittleEndian,
  isKnownTransferSyntax,
  isStorageSopClass,
  verificationSopClass,
} from '@sightline/dicom';
import {
  dicomApplicationContext,
  type AssociateRequest,
  type ContextResult,
  type ProposedContext,
  type Rejection,
  type RoleSelection,
} from './associate-pdu.ts';
import { storageCommitmentPushModel } from './commitment.ts';

/** Who may call, and by which name. */
export interface AssociationRules {
  aeTitle: string;
  /** Refuse callers who call another AE title than ours. */
  requireCalledAeTitle: boolean;
  /** The only AE titles that may call; empty lets everyone. */
  callingAeTitles: readonly string[];
}

/** What an acceptor has to offer besides Verification. */
export interface Offer {
  /** SCP of every storage SOP class. */
  storage: boolean;
  /** SCU of Storage Commitment: it takes results. */
  commitmentResults: boolean;
}

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

/**
 * A caller that wants to be SCP of Storage Commitment may be: we take what it reports (PS3.7 D.3.3.4). Of every other SOP class the
 * roles stay what they are without selection: the caller is SCU.
 */
export function negotiateRoles(proposed: readonly RoleSelection[], offer: Offer): RoleSelection[] {
  const isReport = ({ sopClassUid, scp }: RoleSelection): boolean =>
    offer.commitmentResults && scp && sopClassUid === storageCommitmentPushModel;
  return proposed.some(isReport) ? [{ sopClassUid: storageCommitmentPushModel, scu: false, scp: true }] : [];
}

/** Verification and what is offered, in any transfer syntax whose bytes carry the whole instance. */
export function negotiateContext(
  { id, abstractSyntax, transferSyntaxes }: ProposedContext,
  roles: readonly RoleSelection[],
  offer: Offer,
): ContextResult {
  const offered =
    abstractSyntax === verificationSopClass ||
    (offer.storage && isStorageSopClass(abstractSyntax)) ||
    roles.some(({ sopClassUid }) => sopClassUid === abstractSyntax);
  if (!offered) return { id, result: 'abstract-syntax-not-supported' };
  const transferSyntax = chooseTransferSyntax(transferSyntaxes);
  if (transferSyntax === undefined) return { id, result: 'transfer-syntaxes-not-supported' };
  return { id, result: 'accepted', abstractSyntax, transferSyntax };
}
