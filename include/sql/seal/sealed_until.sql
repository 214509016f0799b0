/*
name:    seal/sealed_until
purpose: Up to which id a table is sealed; 0 when nothing of it is.
grain:   one row
params:  table_name (text)
returns: to_id
*/
select coalesce(max(s.to_id), 0) as to_id
from ledger.seal as s
where s.table_name = :table_name;
