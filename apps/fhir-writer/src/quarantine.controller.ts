import { Body, Controller, Get, Header, HttpCode, Inject, Post, UseFilters } from '@nestjs/common';
import { modelNameSchema } from '@sightline/contracts';
import { uidSchema } from '@sightline/dicom';
import { codes } from '@sightline/findings';
import { Outbox } from '@sightline/messaging';
import { DataSource, inTransaction, type Tx } from '@sightline/persistence';
import { CurrentUser, ProblemFilter, RequireRoles, type User } from '@sightline/platform';
import { z } from 'zod';
import { audit } from './audit.ts';
import { decideQuarantined, listQuarantine, type Waiting, type Word } from './deliveries/quarantine.ts';
import { problem, understood } from './problem.ts';

const keySchema = z.strictObject({
  studyInstanceUid: uidSchema,
  model: modelNameSchema,
  generation: z.int().positive(),
  destination: z.string().min(1),
  reason: z.string().trim().min(1).max(500),
});
const releaseSchema = keySchema.extend({ patient: z.string().regex(/^Patient\/[\w.-]{1,64}$/, 'must be Patient/ID') });

/** Shown at once, the longest waiting first. */
const most = 500;

/** Results whose patient could not be told for sure: who looks at them and what is decided is in the audit trail. */
@Controller('quarantine')
@UseFilters(ProblemFilter)
@RequireRoles('operator')
export class QuarantineController {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(Outbox) private readonly outbox: Outbox<Tx>,
  ) {}

  @Get()
  @Header('cache-control', 'no-store')
  async list(@CurrentUser() user: User): Promise<{ waiting: Waiting[] }> {
    return inTransaction(this.dataSource, async (tx) => {
      await audit(this.outbox, tx, {
        type: codes.dicom.patientRecord,
        what: ['quarantine', user.subject, new Date().toISOString()],
        subject: 'quarantine',
        action: 'R',
        agent: { kind: 'person', name: user.subject, role: 'operator' },
        entities: [],
      });
      return { waiting: await listQuarantine(tx, most) };
    });
  }

  /** It is this record's: a person vouches for it. */
  @Post('release')
  @HttpCode(204)
  async release(@CurrentUser() user: User, @Body() body: unknown): Promise<void> {
    const { patient, ...said } = understood(releaseSchema, body);
    await this.decide(user, said, { kind: 'release', patient });
  }

  /** It goes nowhere. */
  @Post('reject')
  @HttpCode(204)
  async reject(@CurrentUser() user: User, @Body() body: unknown): Promise<void> {
    await this.decide(user, understood(keySchema, body), { kind: 'reject' });
  }

  private async decide(user: User, { reason, ...key }: z.infer<typeof keySchema>, word: Word): Promise<void> {
    const by = { subject: user.subject, role: 'operator' };
    const done = await inTransaction(this.dataSource, (tx) =>
      decideQuarantined(tx, this.outbox, key, word, { by, reason }),
    );
    if (!done) throw problem(409, 'this delivery is not in quarantine');
  }
}
