/*
name:    seal/list_writers
purpose: Transactions that may have taken an id of a table and not committed it: whoever writes into a table holds a
         lock on it from before the id is drawn until it has ended.
grain:   one row per table and transaction
params:
returns: table_name, writer
*/
select distinct
    c.relname::text as table_name,
    l.virtualtransaction as writer
from pg_locks as l
inner join pg_class as c on l.relation = c.oid
where
    l.locktype = 'relation'
    and l.database = (select d.oid from pg_database as d where d.datname = current_database())
    and c.oid in ('ledger.notice_event'::regclass, 'ledger.approval'::regclass)
    and l.mode not in ('AccessShareLock', 'RowShareLock')
    and l.pid is distinct from pg_backend_pid();
