/*
name:    seal/last_seal
purpose: The newest seal: what the next one is chained to.
grain:   at most one row
params:
returns: seq, table_name, form, from_id, to_id, rows_count, rows_hash, sealed_at, sealed_by, hash
*/
select
    s.seq,
    s.table_name,
    s.form,
    s.from_id,
    s.to_id,
    s.rows_count,
    s.rows_hash,
    s.sealed_at,
    s.sealed_by,
    s.hash
from ledger.seal as s
order by s.seq desc
limit 1;
