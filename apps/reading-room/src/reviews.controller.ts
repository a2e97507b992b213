import {
  BadRequestException,
  Body,
  ConflictException,
  Controller,
  ForbiddenException,
  Headers,
  Inject,
  NotFoundException,
  Param,
  Post,
  Req,
} from '@nestjs/common';
import { parseUid } from '@sightline/dicom';
import { DataSource, inTransaction } from '@sightline/persistence';
import { CurrentUser, RequireRoles, type User } from '@sightline/platform';
import type { FastifyRequest } from 'fastify';
import { PUBLIC_URL } from './injection-tokens.ts';
import { isOwnPage } from './own-page.ts';
import { RecordReview, type Reviewed } from './record-review.ts';
import { idempotencyKeySchema, reviewRequestSchema } from './review-request.ts';

/** Where people answer for what models say. */
@Controller('api/studies')
@RequireRoles('clinician', 'radiologist')
export class ReviewsController {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(RecordReview) private readonly reviews: RecordReview,
    @Inject(PUBLIC_URL) private readonly publicUrl: string,
  ) {}

  @Post(':uid/reports/:model/review')
  async review(
    @CurrentUser() user: User,
    @Param() { uid, model }: { uid: string; model: string },
    @Headers('idempotency-key') sentKey: string | undefined,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
  ): Promise<{ id: string; recordedAt: string }> {
    if (!hasToken(request) && !isOwnPage(request, this.publicUrl))
      throw new ForbiddenException('answer a report from the page itself');
    const study = parseUid(uid);
    if (study === undefined) throw new NotFoundException('no such study');
    const parsed = reviewRequestSchema.safeParse(body);
    if (!parsed.success)
      throw new BadRequestException(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`));
    const key = idempotencyKeySchema.safeParse(sentKey);
    if (!key.success) throw new BadRequestException('Idempotency-Key: 8 to 100 letters, digits, _ or -');
    const attempt = {
      uid: study,
      model,
      user,
      request: parsed.data,
      ...(key.data === undefined ? {} : { key: key.data }),
    };
    return answer(await inTransaction(this.dataSource, (tx) => this.reviews.record(tx, attempt)));
  }
}

function answer(reviewed: Reviewed): { id: string; recordedAt: string } {
  switch (reviewed.kind) {
    case 'recorded':
      return { id: reviewed.review.id, recordedAt: reviewed.review.recorded_at.toISOString() };
    case 'unknown':
      throw new NotFoundException(reviewed.text);
    case 'not-allowed':
      throw new ForbiddenException(reviewed.text);
    case 'not-understood':
      throw new BadRequestException(reviewed.text);
    case 'conflict':
      throw new ConflictException(reviewed.text);
  }
}

/** A token is never sent by a browser of its own accord; a session's cookie is. */
function hasToken({ headers }: FastifyRequest): boolean {
  return /^Bearer \S+$/i.test(headers.authorization ?? '');
}
