/*
name:    person/list_accesses
purpose: When and why a person was looked up, first one first.
grain:   one row per access
params:  ids (text[])
returns: kind, accessed_at, reason
*/
select
    a.kind,
    a.accessed_at,
    a.reason
from ledger.access as a
where a.resident_id = any(:ids ::text [])
order by a.access_id;
