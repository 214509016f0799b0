/*
name:    person/hash_ids
purpose: What stands in the place of ids after they were purged.
grain:   one row
params:  ids (text[]), key (bytea)
returns: resident_hashes
*/
select array_agg(ledger.keyed_hash(i.id, :key, 'resident')) as resident_hashes
from unnest(:ids ::text []) as i (id);
