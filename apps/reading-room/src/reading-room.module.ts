import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DynamicModule, Module } from '@nestjs/common';
import { Outbox } from '@sightline/messaging';
import { openObjectStore, ObjectStore } from '@sightline/object-store';
import { DataSource, PersistenceModule, type Tx } from '@sightline/persistence';
import { SESSION_READER, type SessionReader, TokenVerifier } from '@sightline/platform';
import { AboutController } from './about.controller.ts';
import { cookiesFor } from './cookies.ts';
import { IdentityProvider } from './identity-provider.ts';
import { COOKIES, PAGE, PUBLIC_URL } from './injection-tokens.ts';
import { ModelShelf } from './model-shelf.ts';
import { PageController } from './page.controller.ts';
import { ProjectionController } from './projection.controller.ts';
import { readingMigrations } from './reading-migrations.ts';
import type { ReadingRoomConfig } from './reading-room-config.ts';
import { RecordReview } from './record-review.ts';
import { ReviewsController } from './reviews.controller.ts';
import { Seal } from './seal.ts';
import { Sessions } from './sessions.ts';
import { StudyShow } from './show-study.ts';
import { SignInController } from './sign-in.controller.ts';
import { StudiesController } from './studies.controller.ts';

/** study.received, inference.requested, inference.completed, report.filed → projection → worklist and viewer → review.recorded, behind OpenID Connect. */
@Module({})
export class ReadingRoomModule {
  static forApp(config: ReadingRoomConfig): DynamicModule {
    const publicUrl = config.publicUrl.replace(/\/$/, '');
    const cookies = cookiesFor(publicUrl);
    return {
      module: ReadingRoomModule,
      global: true,
      imports: [PersistenceModule.forApp({ app: 'reading-room', config, entities: [], migrations: readingMigrations })],
      controllers: [
        ProjectionController,
        StudiesController,
        ReviewsController,
        AboutController,
        SignInController,
        PageController,
      ],
      providers: [
        { provide: PUBLIC_URL, useValue: publicUrl },
        { provide: COOKIES, useValue: cookies },
        { provide: PAGE, useFactory: () => readFile(join(config.webDir, 'index.html'), 'utf8') },
        { provide: ObjectStore, useFactory: () => openObjectStore(config.objectStoreUrl) },
        { provide: ModelShelf, useFactory: () => new ModelShelf(config.modelsDir) },
        {
          provide: StudyShow,
          inject: [ModelShelf],
          useFactory: (shelf: ModelShelf) => new StudyShow(shelf, config.fhirBaseUrl),
        },
        {
          provide: RecordReview,
          inject: [ModelShelf, StudyShow, Outbox],
          useFactory: (shelf: ModelShelf, show: StudyShow, outbox: Outbox<Tx>) => new RecordReview(shelf, show, outbox),
        },
        { provide: Seal, useFactory: async () => new Seal(await readFile(config.sessionKeyFile)) },
        {
          provide: IdentityProvider,
          useFactory: async () =>
            new IdentityProvider({
              issuer: config.oidcIssuer,
              clientId: config.oidcClientId,
              clientSecret: (await readFile(config.oidcClientSecretFile, 'utf8')).trim(),
              publicUrl,
            }),
        },
        {
          provide: Sessions,
          inject: [DataSource, Seal, IdentityProvider, TokenVerifier],
          useFactory: (source: DataSource, seal: Seal, provider: IdentityProvider, verifier: TokenVerifier) =>
            new Sessions(source, seal, provider, verifier),
        },
        {
          provide: SESSION_READER,
          inject: [Sessions],
          useFactory:
            (sessions: Sessions): SessionReader =>
            async ({ cookies: sent }) => {
              const handle = sent[cookies.session];
              return handle === undefined ? undefined : sessions.read(handle);
            },
        },
      ],
      exports: [SESSION_READER],
    };
  }
}
