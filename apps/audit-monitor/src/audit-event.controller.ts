import { randomUUID } from 'node:crypto';
import {
  BadRequestException,
  Controller,
  Get,
  Header,
  Inject,
  NotFoundException,
  Param,
  Query,
  Req,
} from '@nestjs/common';
import type { AuditEvent, Bundle, CapabilityStatement } from '@medplum/fhirtypes';
import type { FastifyRequest } from 'fastify';
import { Outbox } from '@sightline/messaging';
import type { Tx } from '@sightline/persistence';
import { CurrentUser, RequireRoles, type User } from '@sightline/platform';
import { auditEvent } from './audit-event.ts';
import { capabilityStatement } from './capability-statement.ts';
import { auditEventBundle } from './audit-event-bundle.ts';
import { operationOutcome } from './operation-outcome.ts';
import { readingOfTheAudit } from './reading-of-the-audit.ts';
import { findInTrail, searchTrail, trailQuerySchema } from './search-trail.ts';
import { Transactions } from './transactions.ts';

const fhirJson = 'application/fhir+json; charset=utf-8';

/** The trail as FHIR, for compliance alone. Whoever looks leaves a trace before the answer is given. */
@Controller('fhir')
@RequireRoles('compliance')
export class AuditEventController {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(Outbox) private readonly outbox: Outbox<Tx>,
  ) {}

  @Get('metadata')
  @Header('content-type', fhirJson)
  metadata(): CapabilityStatement {
    return capabilityStatement();
  }

  @Get('AuditEvent')
  @Header('content-type', fhirJson)
  async search(
    @CurrentUser() user: User,
    @Query() parameters: Record<string, unknown>,
    @Req() request: FastifyRequest,
  ): Promise<Bundle<AuditEvent>> {
    const parsed = trailQuerySchema.safeParse(parameters);
    if (!parsed.success) throw new BadRequestException(operationOutcome('invalid', parsed.error.issues));
    const query = parsed.data;
    return this.transactions.run(async (tx) => {
      await this.noteReading(tx, user, `AuditEvent?${searchText(parameters)}`);
      return auditEventBundle(`${request.protocol}://${request.host}/fhir`, query, await searchTrail(tx, query));
    });
  }

  @Get('AuditEvent/:id')
  @Header('content-type', fhirJson)
  async read(@CurrentUser() user: User, @Param('id') id: string): Promise<AuditEvent> {
    const row = await this.transactions.run(async (tx) => {
      await this.noteReading(tx, user, `AuditEvent/${id}`);
      return findInTrail(tx, id);
    });
    if (row === undefined)
      throw new NotFoundException(operationOutcome('not-found', [{ message: 'no such AuditEvent' }]));
    return auditEvent(row.sequence, row.record);
  }

  private async noteReading(tx: Tx, user: User, what: string): Promise<void> {
    const recordedAt = new Date().toISOString();
    await this.outbox.add(tx, 'audit.recorded.v1', readingOfTheAudit(randomUUID(), user, what, recordedAt));
  }
}

function searchText(parameters: Record<string, unknown>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one));
  return search.toString();
}
