import { sqlMigration, type Migration } from '@sightline/persistence';

export const ingestMigrations: Migration[] = [
  sqlMigration(1764000100001, 'IngestTables', [
    `create table study (
       study_instance_uid text primary key,
       facts jsonb not null,
       priority text not null,
       created_at timestamptz not null default now()
     )`,
    `create table revision (
       study_instance_uid text not null references study,
       revision integer not null,
       state text not null check (state in ('receiving', 'complete', 'superseded')),
       first_received_at timestamptz not null,
       last_received_at timestamptz not null,
       completes_at timestamptz not null,
       completed_at timestamptz,
       primary key (study_instance_uid, revision)
     )`,
    // At most one open revision per study, whatever the code does.
    `create unique index revision_receiving on revision (study_instance_uid) where state = 'receiving'`,
    `create index revision_due on revision (completes_at) where state = 'receiving'`,
    `create table instance (
       sop_instance_uid text primary key,
       study_instance_uid text not null references study,
       series_instance_uid text not null,
       sop_class_uid text not null,
       transfer_syntax_uid text not null,
       modality text not null,
       instance_number bigint,
       object_key text not null unique,
       size bigint not null,
       sha256 text not null,
       data_set_sha256 text not null,
       left_out text,
       received_at timestamptz not null
     )`,
    'create index instance_of_study on instance (study_instance_uid)',
    `create table request (
       study_instance_uid text not null references study,
       revision integer not null,
       model_name text not null,
       model_version text not null,
       role text not null,
       selection_sha256 text not null,
       due_at timestamptz not null,
       emissions integer not null,
       body jsonb not null,
       answered_at timestamptz,
       outcome text,
       requested_at timestamptz not null default now(),
       primary key (study_instance_uid, revision, model_name, model_version)
     )`,
    'create index request_due on request (due_at) where answered_at is null',
  ]),
  sqlMigration(1767225600301, 'ModelRoles', [
    `create table model_role (
       name text not null,
       version text not null,
       role text not null,
       primary_version text,
       decided_at timestamptz not null,
       primary key (name, version)
     )`,
    // Whose topic a request is said again on, whatever the models folder holds by then; when the column came there was one worker.
    `alter table request add column worker text not null default 'xray'`,
  ]),
  sqlMigration(1796200000000, 'RejectedInstances', [
    // Of instances that have not come yet, too.
    `create table rejected_instance (
       study_instance_uid text not null references study,
       sop_instance_uid text not null,
       note_sop_instance_uid text not null,
       rejected_at timestamptz not null,
       primary key (study_instance_uid, sop_instance_uid)
     )`,
  ]),
];
