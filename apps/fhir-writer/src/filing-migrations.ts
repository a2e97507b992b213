import { sqlMigration, type Migration } from '@sightline/persistence';

/** `report`: what is in the chart by our hand. `answer`: what became of every answer of a model. `known_model`: manifests seen. */
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
];
