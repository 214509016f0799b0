/*
name:    seal/list_seals
purpose: All seals in their order.
grain:   one row per seal
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
order by s.seq;
