/*
name:    person/blank_accesses
purpose: Replace a person's id in the record of who looked; that somebody did stays, the note may name the person.
grain:   one row per look-up
params:  ids (text[]), key (bytea)
returns: access_id
*/
update ledger.access as a
set resident_id = ledger.keyed_hash(a.resident_id, :key, 'resident'), reason = null
where a.resident_id = any(:ids ::text []) and a.resident_id not like '#%'
returning a.access_id;
