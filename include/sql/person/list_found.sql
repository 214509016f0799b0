/*
name:    person/list_found
purpose: Messages that were found at the gateway after a restore and went to a number that a person has or had.
grain:   one row per message
params:  ids (text[])
returns: phone_e164, accepted_at, scheduled_at, found_at
*/
select
    m.phone_e164,
    m.accepted_at,
    m.scheduled_at,
    m.found_at
from ledger.foreign_message as m
where
    m.phone_e164 in (
        select c.phone_e164
        from records.contact as c
        where c.resident_id = any(:ids ::text [])
        union all
        select n.phone_e164
        from ledger.notice as n
        where n.resident_id = any(:ids ::text [])
    )
order by m.accepted_at, m.gateway_message_id;
