import { Controller, HttpException, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { parseUid } from '@sightline/dicom';
import { CurrentUser, RequireRoles, type User } from '@sightline/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { MalformedMultipart, parseContentType } from './multipart-related.ts';
import { StoreParts } from './store-parts.ts';
import { stowResponse } from './stow-response.ts';

const storingRoles = ['operator', 'radiologist', 'clinician'] as const;

/** Store Instances of the Studies Service (PS3.18 10.5). */
@Controller('studies')
export class StowController {
  constructor(@Inject(StoreParts) private readonly storeParts: StoreParts) {}

  @Post()
  @RequireRoles(...storingRoles)
  store(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @CurrentUser() user: User): Promise<void> {
    return this.storeInto(undefined, request, reply, user);
  }

  @Post(':studyInstanceUid')
  @RequireRoles(...storingRoles)
  storeStudy(
    @Param('studyInstanceUid') studyInstanceUid: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @CurrentUser() user: User,
  ): Promise<void> {
    if (parseUid(studyInstanceUid) === undefined) throw new HttpException('not a Study Instance UID', 400);
    return this.storeInto(studyInstanceUid, request, reply, user);
  }

  private async storeInto(
    studyInstanceUid: string | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
    user: User,
  ): Promise<void> {
    const { type, parameters } = parseContentType(request.headers['content-type']);
    const boundary = parameters.get('boundary');
    const partType = parameters.get('type')?.toLowerCase() ?? 'application/dicom';
    if (type !== 'multipart/related' || partType !== 'application/dicom') {
      throw new HttpException('only multipart/related; type="application/dicom" is taken', 415);
    }
    if (boundary === undefined || boundary.length > 200) throw new HttpException('the boundary is missing', 400);
    const results = await this.storeParts
      .store(request.raw, {
        boundary,
        subject: user.subject,
        address: request.ip,
        ...(studyInstanceUid && { studyInstanceUid }),
      })
      .catch((error: unknown) => {
        if (error instanceof MalformedMultipart) throw new HttpException(error.message, 400);
        throw error;
      });
    if (results.length === 0) throw new HttpException('the request holds no part', 400);
    const { status, body } = stowResponse(results);
    await reply.status(status).header('content-type', 'application/dicom+json').send(JSON.stringify(body));
  }
}
