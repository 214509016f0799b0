/*
name:    schema/0008_alerts
purpose: What whoever is on call has to know: alerts since when and until when, what was told of each and by which way,
         and when each upkeep DAG did its work last. Nobody can be told from any of it.
*/
create table ledger.alert (
    alert_id bigint not null primary key generated always as identity,
    kind text not null check (kind <> ''),
    key text not null,
    campaign text,
    place text,
    sentence text not null,
    to_do text not null,
    opened_at timestamptz not null,
    seen_at timestamptz not null,
    cleared_at timestamptz
);
create unique index alert_one_open on ledger.alert (kind, key) where cleared_at is null;
create index alert_cleared on ledger.alert (cleared_at);

create table ledger.alert_telling (
    alert_id bigint not null references ledger.alert (alert_id),
    way text not null check (way <> ''),
    telling text not null check (telling in ('opened', 'reminded', 'cleared')),
    told_at timestamptz not null,
    primary key (alert_id, way, telling, told_at)
);

-- A DAG that keeps things in step did its work at beaten_at, and is to do so again before late_at.
create table ledger.heartbeat (
    name text not null primary key,
    beaten_at timestamptz not null,
    late_at timestamptz not null
);

grant select, insert, update on ledger.alert, ledger.heartbeat to oshirase_campaign;
grant select, insert on ledger.alert_telling to oshirase_campaign;
grant select on ledger.alert, ledger.alert_telling, ledger.heartbeat to oshirase_ingest;
create trigger alert_telling_is_append_only before update or delete or truncate on ledger.alert_telling
for each statement execute function ledger.refuse_change();
