/*
name:    schema/0009_sending_lock
purpose: A database that was restored has forgotten what was sent since its backup. It notices by itself that it is not
         the one that it was, and lets nothing be claimed until a person says that it may.
*/

-- What a restore changes and a restart does not; the newest row is the database that may send.
create table ledger.incarnation (
    incarnation_id bigint not null primary key generated always as identity,
    -- Another server: initdb, pg_upgrade, a logical replica.
    system_identifier bigint not null,
    -- Another database of the same server.
    database_oid oid not null,
    -- A recovery to a point in time, or a standby that was promoted.
    timeline text not null,
    -- The transaction that wrote this row: tables that are read back from a dump are written by another one.
    written_by xid8 not null default pg_current_xact_id(),
    noted_at timestamptz not null,
    noted_by text not null check (noted_by <> '')
);

-- What this database is now. A standby has no timeline of its own to write on: it is asked when it is promoted.
create function ledger.present_incarnation()
returns table (system_identifier bigint, database_oid oid, timeline text) language sql stable as $$
    select
        s.system_identifier,
        d.oid as database_oid,
        case when not pg_is_in_recovery() then left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) end as timeline
    from pg_control_system() as s
    inner join pg_database as d on d.datname = current_database()
$$;

-- Whether this is the database that was last allowed to send.
create function ledger.is_same_incarnation() returns boolean language sql stable as $$
    select coalesce((
        select
            i.system_identifier = now_is.system_identifier
            and i.database_oid = now_is.database_oid
            and i.timeline = coalesce(now_is.timeline, i.timeline)
            and i.xmin = i.written_by::xid
        from ledger.incarnation as i
        cross join ledger.present_incarnation() as now_is
        order by i.incarnation_id desc
        limit 1
    ), false)
$$;

insert into ledger.incarnation (system_identifier, database_oid, timeline, noted_at, noted_by)
select
    p.system_identifier,
    p.database_oid,
    p.timeline,
    now() as noted_at,
    'migration 0009' as noted_by
from ledger.present_incarnation() as p;

create table ledger.sending_lock (
    sending_lock_id bigint not null primary key generated always as identity,
    kind text not null check (kind in ('restored', 'by_hand')),
    reason text not null check (reason <> ''),
    locked_at timestamptz not null,
    locked_by text not null check (locked_by not in ('', 'Anonymous'))
);

-- A person's word that a lock is over: whose, why, and on what ground.
create table ledger.sending_release (
    sending_lock_id bigint not null primary key references ledger.sending_lock (sending_lock_id),
    ground text not null check (ground in ('gateway_asked', 'word_of_a_person', 'nothing_restored')),
    reason text not null check (reason <> ''),
    released_at timestamptz not null,
    released_by text not null check (released_by not in ('', 'Anonymous'))
);

-- Asked by every claim, in its own statement: no way of sending goes round it.
create function ledger.is_sending_locked() returns boolean language sql stable as $$
    select
        not ledger.is_same_incarnation()
        or exists (
            select 1
            from ledger.sending_lock as l
            where not exists (
                select 1 from ledger.sending_release as r where r.sending_lock_id = l.sending_lock_id
            )
        )
$$;

grant select, insert on ledger.incarnation, ledger.sending_lock, ledger.sending_release to oshirase_campaign;
grant select on ledger.incarnation, ledger.sending_lock, ledger.sending_release to oshirase_ingest;
create trigger incarnation_is_append_only before update or delete or truncate on ledger.incarnation
for each statement execute function ledger.refuse_change();
create trigger sending_lock_is_append_only before update or delete or truncate on ledger.sending_lock
for each statement execute function ledger.refuse_change();
create trigger sending_release_is_append_only before update or delete or truncate on ledger.sending_release
for each statement execute function ledger.refuse_change();
