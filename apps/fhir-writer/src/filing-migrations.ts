import { sqlMigration, type Migration } from '@sightline/persistence';

/**
 * `answer`: what became of every answer of a model. `report`: the report each became part of, and where it stands now;
 * `report_edition`: everything it ever said. `delivery`: what each destination is to be told, and was. `known_model`: manifests seen.
 * `rejected_instance`: images that no report may be made of any more.
 * `feedback`: who asks a destination, and since when; `chart_look`: what was seen and heard of each report in its chart.
 * `pacs_object`: what an archive was sent, and has; `storage_commitment`: what it was asked to answer for.
 */
export const filingMigrations: Migration[] = [
  sqlMigration(1764000100001, 'FilingTables', [
    `create table report (
       study_instance_uid text not null,
       model text not null,
       generation integer not null,
       revision integer not null,
       version text not null,
       state text not null,
       report_url text not null,
       resources jsonb not null,
       bundle_sha256 text not null,
       filed_at timestamptz not null default now(),
       primary key (study_instance_uid, model, generation)
     )`,
    `create table answer (
       id text primary key,
       study_instance_uid text not null,
       model text,
       version text,
       revision integer not null,
       disposition text not null,
       reason text,
       body jsonb,
       traceparent text,
       recorded_at timestamptz not null default now(),
       checked_at timestamptz not null default now()
     )`,
    `create index answer_quarantined on answer (checked_at) where disposition = 'quarantined'`,
    'create index answer_of_study on answer (study_instance_uid)',
    `create table known_model (
       name text not null,
       version text not null,
       manifest jsonb not null,
       card text,
       primary key (name, version)
     )`,
  ]),
  sqlMigration(1795860000000, 'EditionsAndDeliveries', [
    `alter table report
       add column edition integer not null default 1,
       alter column report_url drop not null,
       alter column resources drop not null,
       alter column bundle_sha256 drop not null`,
    `create table report_edition (
       study_instance_uid text not null,
       model text not null,
       generation integer not null,
       edition integer not null,
       revision integer not null,
       version text not null,
       state text not null,
       answer jsonb not null,
       review jsonb not null,
       reason text,
       traceparent text,
       made_at timestamptz not null default now(),
       primary key (study_instance_uid, model, generation, edition)
     )`,
    `create table delivery (
       study_instance_uid text not null,
       model text not null,
       generation integer not null,
       destination text not null,
       status text not null,
       edition integer not null,
       told_edition integer,
       told jsonb,
       patient text,
       reason text,
       attempt integer not null default 0,
       not_before timestamptz not null default now(),
       leased_until timestamptz,
       token bigint not null default 0,
       recheck_at timestamptz,
       rechecks integer not null default 0,
       changed_at timestamptz not null default now(),
       primary key (study_instance_uid, model, generation, destination)
     )`,
    `create index delivery_due on delivery (destination, not_before) where status in ('due', 'quarantined')`,
    `create index delivery_recheck on delivery (destination, recheck_at) where recheck_at is not null`,
    `create table told_edition (
       study_instance_uid text not null,
       model text not null,
       generation integer not null,
       edition integer not null,
       destination text not null,
       report_url text,
       version_id text,
       told_at timestamptz not null default now(),
       primary key (study_instance_uid, model, generation, edition, destination)
     )`,
    `create index report_edition_of_patient on report_edition ((answer -> 'study' -> 'patient' ->> 'id'))`,
    `create index report_edition_of_order on report_edition ((answer -> 'study' ->> 'accessionNumber'))`,
    'create index told_edition_of_report on told_edition (report_url, version_id)',
  ]),
  sqlMigration(1796100000000, 'Feedback', [
    `create table feedback (
       destination text primary key,
       since timestamptz,
       polled_at timestamptz,
       leased_until timestamptz,
       token bigint not null default 0
     )`,
    `create table chart_look (
       study_instance_uid text not null,
       model text not null,
       generation integer not null,
       destination text not null,
       due boolean not null default false,
       looked_at timestamptz,
       seen jsonb not null default '{}',
       heard jsonb,
       heard_at timestamptz,
       closed boolean not null default false,
       primary key (study_instance_uid, model, generation, destination)
     )`,
    'create index chart_look_due on chart_look (destination, looked_at) where due',
  ]),
  sqlMigration(1796200000000, 'RejectedInstances', [
    `create table rejected_instance (
       study_instance_uid text not null,
       sop_instance_uid text not null,
       reason text not null,
       note_sop_instance_uid text not null,
       rejected_at timestamptz not null,
       primary key (study_instance_uid, sop_instance_uid)
     )`,
    'alter table report_edition add column withdrawn_because text',
  ]),
  sqlMigration(1796300000000, 'ObjectsInArchives', [
    `create table pacs_object (
       destination text not null,
       sop_instance_uid text not null,
       sop_class_uid text not null,
       series_instance_uid text not null,
       study_instance_uid text not null,
       model text not null,
       generation integer not null,
       edition integer not null,
       position integer not null,
       rejects boolean not null,
       state text not null default 'sent',
       changed_at timestamptz not null default now(),
       primary key (destination, sop_instance_uid)
     )`,
    'create index pacs_object_of_report on pacs_object (study_instance_uid, model, generation, destination)',
    `create table storage_commitment (
       transaction_uid text primary key,
       destination text not null,
       study_instance_uid text not null,
       model text not null,
       generation integer not null,
       edition integer not null,
       asked_at timestamptz,
       answered_at timestamptz,
       failed jsonb
     )`,
    'create index storage_commitment_of_report on storage_commitment (study_instance_uid, model, generation, destination)',
  ]),
  sqlMigration(1796400000000, 'BegunTellings', ['alter table delivery add column begun jsonb']),
];
