/*
name:    schema/0006_access
purpose: Who looked up a person, or took personal data out of the pages, when and why. Append-only, as the event log is.
*/
create table ledger.access (
    access_id bigint not null primary key generated always as identity,
    kind text not null check (kind in ('person_looked_up', 'list_downloaded', 'report_downloaded')),
    accessed_by text not null check (accessed_by not in ('', 'Anonymous')),
    accessed_at timestamptz not null,
    -- Whom, or which run's; a person who was asked for and is not known has been asked for all the same.
    resident_id text,
    campaign_run_id uuid references ledger.campaign_run (campaign_run_id),
    -- Of a download: what was chosen, and how many rows left.
    choice text,
    rows_count integer,
    reason text,
    -- Of a look-up: the campaigns that the person could read, whose decisions they may have seen.
    campaigns text [],
    check ((kind = 'person_looked_up') = (resident_id is not null)),
    check (kind = 'person_looked_up' or (campaign_run_id is not null and reason <> ''))
);
create index access_at on ledger.access (accessed_at);
grant select, insert on ledger.access to oshirase_campaign;
create trigger access_is_append_only before update or delete or truncate on ledger.access
for each statement execute function ledger.refuse_change();
