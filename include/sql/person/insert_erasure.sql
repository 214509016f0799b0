/*
name:    person/insert_erasure
purpose: Keep an order to erase a person, which later loads obey. Without an id: by keyed hashes only.
grain:   one row
params:  ids (text[]), key (bytea), reason (text), counts (jsonb), now (timestamptz), by (text)
returns: erasure_id
*/
insert into ledger.erasure (resident_hashes, reason, counts, erased_at, erased_by)
values (
    array(select ledger.keyed_hash(i.id, :key, 'resident') from unnest(:ids ::text []) as i (id)),
    :reason, :counts, :now, :by
)
returning erasure_id;
