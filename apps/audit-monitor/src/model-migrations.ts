import { sqlMigration } from '@sightline/persistence';

/**
 * Which version of a model plays which part, and every decision that made it so.
 *
 * `model` is the row whose lock orders the decisions on a model. Two primaries are refused at once, none at the commit: whatever the
 * code does. Before its first promotion a model has none.
 */
export const modelMigrations = [
  sqlMigration(1767225600300, 'ModelRoles', [
    `create table model (
       name text primary key,
       revision integer not null default 0,
       decided_at timestamptz not null default 'epoch'
     )`,
    `create table model_role (
       name text not null references model,
       version text not null,
       worker text not null,
       role text not null check (role in ('candidate', 'shadow', 'canary', 'primary', 'retired', 'rolled-back')),
       manifest_sha256 text not null,
       decided_by text not null,
       decided_at timestamptz not null,
       reason text not null,
       primary key (name, version)
     )`,
    `create unique index model_has_one_primary on model_role (name) where role = 'primary'`,
    `create function refuse_model_without_primary() returns trigger language plpgsql as $$
     begin
       if not exists (select 1 from model_role where name = old.name and role = 'primary') then
         raise exception 'model % would be left without a primary', old.name using errcode = 'check_violation';
       end if;
       return null;
     end $$`,
    `create constraint trigger model_keeps_a_primary after update or delete on model_role
       deferrable initially deferred for each row when (old.role = 'primary') execute function refuse_model_without_primary()`,
    `create table model_decision (
       name text not null references model,
       revision integer not null,
       version text not null,
       from_role text,
       to_role text not null,
       decided_by text not null,
       decided_at timestamptz not null,
       reason text not null,
       primary key (name, revision, version)
     )`,
    `create trigger model_decision_is_append_only before update or delete or truncate on model_decision
       for each statement execute function refuse_change_of_audit_trail()`,
  ]),
  sqlMigration(1767225600301, 'Readings', [
    `create table reading (
       study_instance_uid text not null,
       revision integer not null,
       name text not null,
       version text not null,
       role text not null,
       verdict text not null,
       primary key (study_instance_uid, revision, name, version)
     )`,
    `create index reading_of_shadow on reading (name, version) where role = 'shadow'`,
  ]),
];
