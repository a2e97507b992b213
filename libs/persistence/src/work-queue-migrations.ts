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
  sqlMigration(1764000000003, 'WorkTurns', [
    `alter table work
       add column source text not null default '',
       add column turn bigint not null default 0,
       add column started_at timestamptz,
       add column taken_at timestamptz`,
    'create sequence work_take',
    `create index work_turn on work (priority, turn, enqueued_at) where state in ('queued', 'running')`,
    `create index work_waiting on work (priority, source, turn) include (enqueued_at)
       where state = 'queued' and started_at is null`,
    `create index work_running on work (priority) where state = 'running'`,
    `create index work_finished on work (finished_at) where state in ('done', 'dead')`,
  ]),
];
