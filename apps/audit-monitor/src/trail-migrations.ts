import { sqlMigration } from '@sightline/persistence';

/**
 * The trail and the head of its chain.
 *
 * `recorded_at`, `topic`, `event_id` and `entities` repeat what `canonical` says so that it can be searched; the verifier holds them
 * against it. The head is one row: appending locks it, so that replicas never fork the chain, and a row missing from the end
 * is missed. The table refuses change for everyone, its owner included; whoever switches the trigger off is found by the chain.
 */
export const trailMigrations = [
  sqlMigration(1767225600100, 'AuditTrail', [
    `create table audit_trail (
       sequence bigint primary key check (sequence > 0),
       topic text not null,
       event_id text not null unique,
       recorded_at timestamptz not null,
       entities text[] not null,
       canonical text not null,
       previous_hash text not null check (previous_hash ~ '^[0-9a-f]{64}$'),
       hash text not null unique check (hash ~ '^[0-9a-f]{64}$')
     )`,
    `create index audit_trail_entities on audit_trail using gin (entities)`,
    `create index audit_trail_recorded_at on audit_trail (recorded_at)`,
    `create table audit_chain_head (
       only_row boolean primary key default true check (only_row),
       sequence bigint not null,
       hash text not null
     )`,
    `insert into audit_chain_head (sequence, hash) values (0, repeat('0', 64))`,
    `create function refuse_change_of_audit_trail() returns trigger language plpgsql as $$
     begin
       raise exception 'the audit trail is append-only: % refused', tg_op using errcode = 'insufficient_privilege';
     end $$`,
    `create trigger audit_trail_is_append_only before update or delete or truncate on audit_trail
       for each statement execute function refuse_change_of_audit_trail()`,
    `create function refuse_removal_of_audit_chain_head() returns trigger language plpgsql as $$
     begin
       raise exception 'the head of the audit chain only moves on: % refused', tg_op using errcode = 'insufficient_privilege';
     end $$`,
    `create trigger audit_chain_head_stays before delete or truncate on audit_chain_head
       for each statement execute function refuse_removal_of_audit_chain_head()`,
    `revoke update, delete, truncate on audit_trail from public, current_user`,
  ]),
];
