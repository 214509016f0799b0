/*
name:    seal/insert_seal
purpose: Add a seal to the chain.
grain:   one row
params:  seq (bigint), table_name (text), form (smallint), from_id (bigint), to_id (bigint), rows_count (bigint),
         rows_hash (bytea), sealed_at (timestamptz), sealed_by (text), hash (bytea)
returns: nothing
*/
insert into ledger.seal (
    seq, table_name, form, from_id, to_id, rows_count, rows_hash, sealed_at, sealed_by, hash
)
values (:seq, :table_name, :form, :from_id, :to_id, :rows_count, :rows_hash, :sealed_at, :sealed_by, :hash);
