/*
name:    purge/blank_accesses
purpose: Replace by keyed hashes whom somebody looked up long ago, and forget the note that they made of it.
grain:   one row per look-up
params:  before (timestamptz), key (bytea), most (int)
returns: access_id
*/
with due as (
    select a.access_id
    from ledger.access as a
    where a.accessed_at < :before and a.resident_id is not null and a.resident_id not like '#%'
    order by a.access_id
    limit :most
)

update ledger.access as a
set resident_id = ledger.keyed_hash(a.resident_id, :key, 'resident'), reason = null
from due as d
where a.access_id = d.access_id
returning a.access_id;
