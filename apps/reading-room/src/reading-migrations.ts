import { sqlMigration } from '@sightline/persistence';

/**
 * The projection. Every message writes columns of its own, so that the order in which topics are heard changes nothing.
 * `current_reading` is what counts today: per model the newest revision it was asked about, shadows left out, and "no model reads this"
 * only while no model has been asked. A revision that has no image left to show says more than what was read before it. `filed_report` is each report as it stands at each destination ('' where the message names
 * none); `sent_review` is what was said of reports here.
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
  sqlMigration(1767225600210, 'ReportsAndReviews', [
    `create table filed_report (
       study_instance_uid text not null,
       model_name text not null,
       destination text not null,
       generation integer not null,
       edition integer not null,
       revision integer not null,
       model text not null,
       state text not null,
       report_url text not null,
       version_id text,
       verdicts jsonb not null,
       filed_at timestamptz not null,
       primary key (study_instance_uid, model_name, destination, generation)
     )`,
    `insert into filed_report
       select distinct on (study_instance_uid, model_name) study_instance_uid, model_name, '', 1, 1, revision, model,
              report_state, report_url, null, '[]', filed_at
       from reading where report_url is not null and report_state is not null and filed_at is not null
       order by study_instance_uid, model_name, revision desc, filed_at desc`,
    `create table sent_review (
       id text primary key,
       study_instance_uid text not null,
       model_name text not null,
       model text not null,
       revision integer not null,
       seen_url text not null,
       seen_version_id text not null,
       seen_state text not null,
       subject text not null,
       name text,
       role text not null,
       given jsonb not null,
       verdicts jsonb not null,
       signed boolean not null,
       recorded_at timestamptz not null
     )`,
    `create index sent_review_of_report on sent_review (study_instance_uid, model_name, recorded_at)`,
  ]),
  sqlMigration(1796200000000, 'NothingLeftToRead', [
    `create or replace view current_reading as
       select distinct on (study_instance_uid, model_name) * from reading
       where role = 'primary'
         and case when model = 'none' then not exists (
           select 1 from reading asked
           where asked.study_instance_uid = reading.study_instance_uid and asked.model <> 'none' and asked.role = 'primary'
             and (asked.revision >= reading.revision or reading.outcome ->> 'reason' <> 'no-image'))
         else not exists (
           select 1 from reading emptied
           where emptied.study_instance_uid = reading.study_instance_uid and emptied.model = 'none'
             and emptied.outcome ->> 'reason' = 'no-image' and emptied.revision > reading.revision) end
       order by study_instance_uid, model_name, revision desc, requested_at desc nulls last, model desc`,
  ]),
  sqlMigration(1796428800000, 'ClosedReports', [
    'alter table filed_report add column closed boolean not null default false',
  ]),
];
