import {
  BadRequestException,
  Controller,
  Get,
  Header,
  HttpException,
  Inject,
  NotFoundException,
  Param,
  Query,
  Req,
  Res,
  UnauthorizedException,
} from '@nestjs/common';
import { parseUid } from '@sightline/dicom';
import { Outbox } from '@sightline/messaging';
import { ObjectMissing, ObjectStore } from '@sightline/object-store';
import { DataSource, inSnapshot, type Tx } from '@sightline/persistence';
import { CurrentUser, RequireRoles, type User } from '@sightline/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CookieNames } from './cookies.ts';
import { drawImage } from './draw-image.ts';
import { fetchReport } from './fetch-report.ts';
import { COOKIES } from './injection-tokens.ts';
import { access } from './note-access.ts';
import { Sessions } from './sessions.ts';
import { artefactsOf, StudyShow } from './show-study.ts';
import { countStudies, findStudy, listStudies, studyQuerySchema, type OpenStudy } from './studies.ts';
import type { StudyList, StudyView } from './study-view.ts';

/** The worklist and its studies, for those who treat or read. Who looked at what is in the audit before the answer is out. */
@Controller('api/studies')
@RequireRoles('clinician', 'radiologist')
export class StudiesController {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(Outbox) private readonly outbox: Outbox<Tx>,
    @Inject(ObjectStore) private readonly objects: ObjectStore,
    @Inject(StudyShow) private readonly show: StudyShow,
    @Inject(Sessions) private readonly sessions: Sessions,
    @Inject(COOKIES) private readonly cookies: CookieNames,
  ) {}

  @Get()
  @Header('cache-control', 'no-store')
  async list(@CurrentUser() user: User, @Query() parameters: Record<string, unknown>): Promise<StudyList> {
    const parsed = studyQuerySchema.safeParse(parameters);
    if (!parsed.success)
      throw new BadRequestException(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`));
    const query = parsed.data;
    return inSnapshot(this.dataSource, async (tx) => {
      await this.outbox.add(tx, 'audit.recorded.v1', access('worklist', user, undefined, new Date()));
      const { total, rows } = await listStudies(tx, query);
      const counts = await countStudies(tx);
      const studies = rows.map((row) => this.show.summary(row));
      return { studies, total, counts, limit: query.limit, offset: query.offset };
    });
  }

  @Get(':uid')
  @Header('cache-control', 'no-store')
  async study(@CurrentUser() user: User, @Param('uid') uid: string): Promise<StudyView> {
    return this.show.study(await this.find('record', user, uid), user);
  }

  /** The key image a model was shown, else the stored image drawn with its own window. */
  @Get(':uid/images/:file')
  async image(
    @CurrentUser() user: User,
    @Param() { uid, file }: { uid: string; file: string },
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const row = await this.find('images', user, uid);
    const sop = file.replace(/\.png$/, '');
    const keyImage = artefactsOf(row).find(({ kind, source }) => kind === 'key-image' && source.sopInstanceUid === sop);
    if (keyImage !== undefined) return this.sendPng(reply, await this.read(keyImage.objectKey));
    const instance = row.instances?.find(({ sopInstanceUid }) => sopInstanceUid === sop);
    if (instance === undefined) throw new NotFoundException('no such image in this study');
    const drawn = await drawImage(await this.read(instance.objectKey));
    if (drawn.kind === 'png') return this.sendPng(reply, drawn.png);
    await reply.status(415).send({ statusCode: 415, message: `cannot be drawn: ${drawn.reason}` });
  }

  @Get(':uid/heat-maps/:findingKey/:file')
  async heatMap(
    @CurrentUser() user: User,
    @Param() { uid, findingKey, file }: { uid: string; findingKey: string; file: string },
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const row = await this.find('images', user, uid);
    const sop = file.replace(/\.png$/, '');
    const heatMap = artefactsOf(row).find(
      (artefact) =>
        artefact.kind === 'heat-map' && artefact.findingKey === findingKey && artefact.source.sopInstanceUid === sop,
    );
    if (heatMap === undefined) throw new NotFoundException('no such heat map in this study');
    await this.sendPng(reply, await this.read(heatMap.objectKey));
  }

  /** The report as it stands in the chart, for people whose browser cannot show a token to the FHIR server. */
  @Get(':uid/reports/:model')
  async report(
    @CurrentUser() user: User,
    @Param() { uid, model }: { uid: string; model: string },
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const row = await this.find('record', user, uid);
    const reading = row.readings.find((one) => one.model === model);
    const url = reading && this.show.standing(row, reading).inChart?.report_url;
    if (url === undefined) throw new NotFoundException('no report of this model in the chart');
    const token = await this.accessTokenOf(request);
    if (token === undefined) throw new UnauthorizedException();
    const fetched = await fetchReport(this.show.link(url), token);
    switch (fetched.kind) {
      case 'report':
        await reply
          .header('content-type', 'application/json; charset=utf-8')
          .header('cache-control', 'no-store')
          .send(JSON.stringify(fetched.json, undefined, 2));
        return;
      case 'refused':
        throw new HttpException(`the FHIR server answered ${fetched.status}`, fetched.status === 404 ? 404 : 502);
      case 'unreachable':
        throw new HttpException('the FHIR server cannot be reached', 502);
    }
  }

  private async accessTokenOf({ headers, cookies }: FastifyRequest): Promise<string | undefined> {
    const bearer = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1];
    return bearer ?? this.sessions.accessToken(cookies[this.cookies.session] ?? '');
  }

  private async find(look: 'record' | 'images', user: User, uid: string): Promise<OpenStudy> {
    const study = parseUid(uid);
    if (study === undefined) throw new NotFoundException('no such study');
    return inSnapshot(this.dataSource, async (tx) => {
      const row = await findStudy(tx, study);
      if (row === undefined) throw new NotFoundException('no such study');
      await this.outbox.add(tx, 'audit.recorded.v1', access(look, user, study, new Date()));
      return row;
    });
  }

  private async read(objectKey: string): Promise<Buffer> {
    try {
      return await this.objects.read(objectKey);
    } catch (error) {
      if (error instanceof ObjectMissing) throw new NotFoundException('the image is not in the object store');
      throw error;
    }
  }

  /** Pixels of a patient: no cache keeps them on a shared workstation. */
  private async sendPng(reply: FastifyReply, png: Buffer): Promise<void> {
    await reply.header('content-type', 'image/png').header('cache-control', 'no-store').send(png);
  }
}
