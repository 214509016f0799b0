/*
name:    schema/0001_roles
purpose: Least privilege: the campaign role reads the records and writes the ledger, the ingest role the reverse.
         Neither can change what the event log says; only the database writes it.
*/
-- Roles belong to the server, not to this database: an administrator may have made and granted them already.
do $$
declare
    wanted text;
begin
    foreach wanted in array array['oshirase_campaign', 'oshirase_ingest'] loop
        if not exists (select from pg_roles where rolname = wanted) then
            execute format('create role %I nologin', wanted);
        end if;
        if not pg_has_role(current_user, wanted, 'member') then
            execute format('grant %I to current_user', wanted);
        end if;
    end loop;
end;
$$;

grant usage on schema records, ledger to oshirase_campaign, oshirase_ingest;
grant select on all tables in schema records to oshirase_campaign, oshirase_ingest;
grant insert, update, delete on all tables in schema records to oshirase_ingest;
grant select on all tables in schema ledger to oshirase_campaign, oshirase_ingest;
grant insert, update on
ledger.campaign_run, ledger.message_text, ledger.batch, ledger.notice, ledger.receipt, ledger.outcome
to oshirase_campaign;
grant delete on ledger.message_text, ledger.batch to oshirase_campaign;
grant insert on ledger.approval to oshirase_campaign;
