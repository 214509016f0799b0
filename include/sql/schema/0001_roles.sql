/*
name:    schema/0001_roles
purpose: Least privilege: the campaign role reads the records and writes the ledger, the ingest role the reverse.
         Neither can change what the event log says; only the database writes it.
*/
do $$
begin
    if not exists (select from pg_roles where rolname = 'oshirase_campaign') then
        create role oshirase_campaign nologin;
    end if;
    if not exists (select from pg_roles where rolname = 'oshirase_ingest') then
        create role oshirase_ingest nologin;
    end if;
end;
$$;
grant oshirase_campaign to current_user;
grant oshirase_ingest to current_user;

grant usage on schema records, ledger to oshirase_campaign, oshirase_ingest;
grant select on all tables in schema records to oshirase_campaign, oshirase_ingest;
grant insert, update, delete on all tables in schema records to oshirase_ingest;
grant select on all tables in schema ledger to oshirase_campaign, oshirase_ingest;
grant insert, update on
ledger.campaign_run, ledger.message_text, ledger.batch, ledger.notice, ledger.receipt, ledger.outcome
to oshirase_campaign;
grant delete on ledger.message_text, ledger.batch to oshirase_campaign;
grant insert on ledger.approval to oshirase_campaign;
