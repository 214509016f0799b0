/*
name:    person/hash_ids
purpose: What stands in the place of ids after they were purged.
grain:   one row
params:  ids (text[]), key (bytea)
returns: hashes
*/
select array(select ledger.keyed_hash(i.id, :key, 'resident') from unnest(:ids ::text []) as i (id)) as hashes;
