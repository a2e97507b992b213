import {
  Body,
  Controller,
  Get,
  Headers,
  HttpCode,
  HttpException,
  Inject,
  Param,
  Post,
  UseFilters,
} from '@nestjs/common';
import { readModelsFolder, type RefusedFolder } from '@sightline/models';
import { CurrentUser, describeIssues, ProblemFilter, RequireRoles, type User } from '@sightline/platform';
import { z } from 'zod';
import { DecideRole, type DecisionOutcome } from './decide-role.ts';
import { type ModelStatus, modelStatus } from './model-status.ts';
import { decisions, type Move } from './plan-decision.ts';
import { Transactions } from './transactions.ts';

/** Token of the models folder's path. */
export const MODELS_DIR = Symbol('MODELS_DIR');

const decisionBodySchema = z.strictObject({
  reason: z.string().trim().min(1).max(1_000),
  expectedRevision: z.int().nonnegative().optional(),
  dryRun: z.boolean().optional(),
});

const pathSchema = z.object({ name: z.string(), version: z.string(), decision: z.enum(decisions) });
const entityTag = /^"(\d{1,9})"$/;

interface DecisionAnswer {
  name: string;
  revision: number;
  moves: Move[];
  /** Absent where nothing was done. */
  decidedAt?: string;
}

/** Which version of a model plays which part: read by operators and compliance, decided by operators. */
@Controller('models')
@UseFilters(ProblemFilter)
export class ModelsController {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(DecideRole) private readonly roles: DecideRole,
    @Inject(MODELS_DIR) private readonly modelsDir: string,
  ) {}

  @Get()
  @RequireRoles('operator', 'compliance')
  async status(): Promise<{ models: ModelStatus[]; refused: RefusedFolder[] }> {
    const onDisk = await readModelsFolder(this.modelsDir);
    return { models: await this.transactions.run((tx) => modelStatus(tx, onDisk)), refused: onDisk.refused };
  }

  @Post(':name/versions/:version/:decision')
  @HttpCode(200)
  @RequireRoles('operator')
  async decide(
    @CurrentUser() user: User,
    @Param() parameters: unknown,
    @Body() body: unknown,
    @Headers('if-match') ifMatch?: string,
  ): Promise<DecisionAnswer> {
    const path = pathSchema.safeParse(parameters);
    if (!path.success) throw problem(404, `a decision is one of ${decisions.join(', ')}`);
    const said = decisionBodySchema.safeParse(body);
    if (!said.success) throw problem(400, describeIssues(said.error.issues));
    const tag = ifMatch === undefined ? undefined : entityTag.exec(ifMatch)?.[1];
    if (ifMatch !== undefined && tag === undefined) throw problem(400, 'If-Match must be "REVISION"');
    const expectedRevision = tag === undefined ? said.data.expectedRevision : Number(tag);
    return answer(path.data.name, await this.roles.decide({ ...path.data, ...said.data, expectedRevision }, user));
  }
}

function answer(name: string, outcome: DecisionOutcome): DecisionAnswer {
  switch (outcome.kind) {
    case 'decided':
      return { name, revision: outcome.revision, moves: outcome.moves, decidedAt: outcome.decidedAt.toISOString() };
    case 'would-be':
      return { name, revision: outcome.revision, moves: outcome.moves };
    case 'refused':
      throw problem(statusOf[outcome.why], outcome.message, outcome.missing);
  }
}

const statusOf = { unknown: 404, stale: 412, illegal: 409, evidence: 422 } as const;

const titles = {
  400: 'Not a decision',
  404: 'Not known',
  409: 'Not a legal step',
  412: 'Decided on an old picture',
  422: 'Evidence is missing',
} as const;

function problem(status: keyof typeof titles, detail: string, missing?: readonly string[]): HttpException {
  return new HttpException(
    { title: titles[status], status, detail, ...(missing === undefined ? {} : { missing }) },
    status,
  );
}
