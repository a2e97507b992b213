import { createHash } from 'node:crypto';
import type { ModelReference } from '@sightline/contracts';
import { uidFromUuid, type Uid } from '@sightline/dicom';

/**
 * Tracking Identifier and Unique Identifier (112039, 112040, DCM) of one output of a model on one subject: derived, so that
 * reading the same again with the same model gives the same finding and not another one.
 */
export function trackingOf(
  identity: string,
  { name, version }: ModelReference,
  output: string,
): { trackingIdentifier: string; trackingUid: Uid } {
  const trackingIdentifier = `${name}@${version}/${output}`;
  const digest = createHash('sha256').update(`${identity}/${trackingIdentifier}`).digest();
  // RFC 9562 5.8: version 8, made from whatever its maker likes; here the first 122 bits that remain of a SHA-256.
  digest.writeUInt8((digest.readUInt8(6) & 0x0f) | 0x80, 6);
  digest.writeUInt8((digest.readUInt8(8) & 0x3f) | 0x80, 8);
  return { trackingIdentifier, trackingUid: uidFromUuid(digest.toString('hex', 0, 16)) };
}
