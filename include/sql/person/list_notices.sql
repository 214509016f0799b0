/*
name:    person/list_notices
purpose: The notices of a person with the number that each was for.
grain:   one row per notice
params:  ids (text[])
returns: notice_id, phone_e164
*/
select
    n.notice_id,
    n.phone_e164
from ledger.notice as n
where n.resident_id = any(:ids ::text []);
