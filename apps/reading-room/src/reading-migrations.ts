import { sqlMigration } from '@sightline/persistence';

/**
 * The projection. Every message writes columns of its own, so that the order in which topics are heard changes nothing.
 * `current_reading` is what counts today: per model the newest revision it was asked about, shadows left out, and "no model reads this"
 * only while no model has been asked.
 */
export const readingMigrations = [
  sqlMigration(1767225600200, 'ReadingRoom', [
    `create table study_revision (
       study_instance_uid text not null,
       revision integer not null,
       context jsonb not null,
       instances jsonb,
       received_at timestamptz,
       noted_at timestamptz not null default now(),
       primary key (study_instance_uid, revision)
     )`,
    `create table reading (
       study_instance_uid text not null,
       revision integer not null,
       model text not null,
       model_name text not null,
       role text,
       requested_at timestamptz,
       deadline timestamptz,
       requested_instances jsonb,
       outcome jsonb,
       started_at timestamptz,
       completed_at timestamptz,
       report_url text,
       report_state text,
       filed_at timestamptz,
       primary key (study_instance_uid, revision, model)
     )`,
    `create view current_reading as
       select distinct on (study_instance_uid, model_name) * from reading
       where role = 'primary'
         and (model <> 'none' or not exists (
           select 1 from reading asked
           where asked.study_instance_uid = reading.study_instance_uid and asked.model <> 'none' and asked.role = 'primary'))
       order by study_instance_uid, model_name, revision desc, requested_at desc nulls last, model desc`,
    `create table session (
       id_hash text primary key,
       subject text not null,
       name text,
       roles text[] not null,
       tokens text not null,
       access_until timestamptz not null,
       ends_at timestamptz not null
     )`,
    `create index session_ends_at on session (ends_at)`,
  ]),
];
