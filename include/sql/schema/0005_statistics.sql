/*
name:    schema/0005_statistics
purpose: Who loads a table may count it: without fresh statistics the first planning after a large load takes minutes
         instead of seconds. Servers before PostgreSQL 17 know no such right; there autovacuum counts, some time later.
*/
do $$
begin
    if current_setting('server_version_num')::integer >= 170000 then
        execute 'grant maintain on all tables in schema records to oshirase_ingest';
    end if;
end;
$$;
