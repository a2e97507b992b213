import { Body, Controller, HttpCode, Inject, Post, UseFilters } from '@nestjs/common';
import { modelNameSchema, modelVersionSchema } from '@sightline/contracts';
import { DataSource, inTransaction } from '@sightline/persistence';
import { CurrentUser, ProblemFilter, RequireRoles, type User } from '@sightline/platform';
import { z } from 'zod';
import { understood } from './problem.ts';
import { listRecalled, recallProgress, WithdrawReports, type RecalledReport } from './reports/recall.ts';

const recallSchema = z
  .strictObject({
    name: modelNameSchema,
    version: modelVersionSchema,
    from: z.iso.datetime({ offset: true }),
    to: z.iso.datetime({ offset: true }),
  })
  .refine(({ from, to }) => Date.parse(from) < Date.parse(to), 'from must be before to');

const listSchema = recallSchema.safeExtend({
  after: z.strictObject({ studyInstanceUid: z.string(), generation: z.int() }).optional(),
});
const withdrawSchema = recallSchema.safeExtend({ reason: z.string().trim().min(1).max(500) });

/** Reports in one answer, and withdrawn by one call: whoever calls goes on until none stands. */
const atOnce = 100;

/** Withdraws everything a model version said in a time. Nothing is done by listing; withdrawing twice is withdrawing once. */
@Controller('recalls')
@UseFilters(ProblemFilter)
@RequireRoles('operator')
export class RecallController {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(WithdrawReports) private readonly reports: WithdrawReports,
  ) {}

  @Post('list')
  @HttpCode(200)
  async list(@Body() body: unknown): Promise<{ reports: RecalledReport[] }> {
    const { after, ...recall } = understood(listSchema, body);
    const from = after === undefined ? undefined : { ...after, model: recall.name };
    return { reports: await listRecalled(this.dataSource, recall, atOnce, from) };
  }

  @Post('progress')
  @HttpCode(200)
  async progress(@Body() body: unknown): ReturnType<typeof recallProgress> {
    return recallProgress(this.dataSource, understood(recallSchema, body));
  }

  /** Withdraws some of them, each in a transaction of its own: what was done stays done, whatever happens to the rest. */
  @Post('withdraw')
  @HttpCode(200)
  async withdraw(@CurrentUser() user: User, @Body() body: unknown): ReturnType<typeof recallProgress> {
    const { reason, ...recall } = understood(withdrawSchema, body);
    const by = { subject: user.subject, role: 'operator' };
    let after: RecalledReport | undefined;
    let withdrawn = 0;
    do {
      const some = await listRecalled(this.dataSource, recall, atOnce, after);
      for (const report of some.filter(({ state }) => state !== 'withdrawn')) {
        const done = await inTransaction(this.dataSource, (tx) => this.reports.withdraw(tx, report, { by, reason }));
        if (done) withdrawn++;
      }
      after = some.at(-1);
    } while (after !== undefined && withdrawn < atOnce);
    return recallProgress(this.dataSource, recall);
  }
}
