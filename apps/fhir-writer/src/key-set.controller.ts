import { Controller, Get, Header, Inject } from '@nestjs/common';
import { OpenRoute } from '@sightline/platform';
import type { JWK } from 'jose';
import { publicKey, readKeys } from './fhir/client-keys.ts';
import { Site } from './site.ts';

/** Public keys of this client, for the authorization servers of its destinations (SMART Backend Services, RFC 7517). */
@Controller('.well-known')
export class KeySetController {
  constructor(@Inject(Site) private readonly site: Site) {}

  /** Open: a public key is no secret, and who fetches it has no token of ours. */
  @Get('jwks.json')
  @OpenRoute()
  @Header('cache-control', 'public, max-age=300')
  async keys(): Promise<{ keys: JWK[] }> {
    const files = new Set(this.site.destinations.flatMap(keyFileOf));
    const keys = (await Promise.all([...files].map(readKeys))).flat().map(publicKey);
    return { keys: [...new Map(keys.map((key) => [JSON.stringify(key), key])).values()] };
  }
}

function keyFileOf(destination: Site['destinations'][number]): string[] {
  switch (destination.kind) {
    case 'fhir':
      return [destination.keyFile];
    case 'dicom':
      return destination.send.by === 'stow-rs' && destination.send.token ? [destination.send.token.keyFile] : [];
    case 'hl7v2':
      return [];
  }
}
