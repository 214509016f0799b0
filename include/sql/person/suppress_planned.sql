/*
name:    person/suppress_planned
purpose: Take a person who asked to be erased out of every line.
grain:   one row per notice taken out
params:  ids (text[]), now (timestamptz), by (text)
returns: notice_id
*/
update ledger.notice
set state = 'suppressed', reason = 'erased', state_changed_at = :now, state_changed_by = :by
where resident_id = any(:ids ::text []) and state = 'planned'
returning notice_id;
