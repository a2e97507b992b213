import { sqlMigration, type Migration } from './migrations.ts';

/** The table of a worker's requests: queued → running → done | dead. */
export const workQueueMigrations: Migration[] = [
  sqlMigration(1764000000002, 'WorkTable', [
    `create table work (
       id text primary key,
       priority smallint not null,
       state text not null default 'queued' check (state in ('queued', 'running', 'done', 'dead')),
       payload jsonb not null,
       attempt integer not null default 0,
       enqueued_at timestamptz not null default now(),
       not_before timestamptz not null default now(),
       deadline timestamptz not null,
       owner text,
       token bigint not null default 0,
       leased_until timestamptz,
       failure jsonb,
       finished_at timestamptz
     )`,
    `create index work_unfinished on work (priority, enqueued_at) where state in ('queued', 'running')`,
  ]),
];
