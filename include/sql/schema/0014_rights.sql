/*
name:    schema/0014_rights
purpose: Roles have what their statements need and nothing else. docs/database-roles.md lists all of it, held by a test.
*/

-- Who loads extracts has no business with numbers and texts of messages.
revoke select on all tables in schema ledger from oshirase_ingest;
-- Which version the schema is at: every process asks before it works. And who was erased: loads leave them out.
grant select on ledger.schema_version, ledger.erasure to oshirase_ingest;
-- What was reported, found settled or divided into batches is never rewritten.
revoke update on ledger.receipt, ledger.outcome, ledger.batch from oshirase_campaign;

-- Named last, the schema of temporary tables hides nothing: else it comes first without being named.
do $$
declare
    acts_as_owner text;
begin
    foreach acts_as_owner in array array['log_new_notices', 'log_changed_notices'] loop
        execute format('alter function ledger.%I() set search_path = pg_catalog, ledger, pg_temp', acts_as_owner);
    end loop;
end;
$$;
