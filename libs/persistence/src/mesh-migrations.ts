import { sqlMigration, type Migration } from './migrations.ts';

/** Tables every app has: inbox, outbox, retries, dead rows. */
export const meshMigrations: Migration[] = [
  sqlMigration(1764000000001, 'MeshTables', [
    `create table inbox (
       topic text not null,
       event_id text not null,
       recorded_at timestamptz not null default now(),
       primary key (topic, event_id)
     )`,
    `create table outbox (
       row_id bigint generated always as identity primary key,
       topic text not null,
       event_id text not null,
       key text not null,
       headers jsonb not null,
       value text not null,
       created_at timestamptz not null default now(),
       published_at timestamptz,
       unique (topic, event_id)
     )`,
    'create index outbox_unpublished on outbox (row_id) where published_at is null',
    `create table retry (
       topic text not null,
       partition integer not null,
       record_offset text not null,
       key bytea,
       value bytea,
       headers jsonb not null,
       attempt integer not null,
       failure jsonb not null,
       not_before timestamptz not null,
       primary key (topic, partition, record_offset)
     )`,
    'create index retry_due on retry (not_before)',
    `create table dead (
       row_id bigint generated always as identity primary key,
       topic text not null,
       partition integer not null,
       record_offset text not null,
       key bytea,
       value bytea,
       headers jsonb not null,
       failure jsonb not null,
       died_at timestamptz not null default now(),
       replayed_at timestamptz
     )`,
  ]),
];
