/*
name:    person/blank_found
purpose: Take the number out of every message that was found at the gateway after a restore and went to a number that
         a person has or had, as retention would later.
grain:   one row per message
params:  ids (text[]), key (bytea), now (timestamptz)
returns: gateway_message_id
*/
update ledger.foreign_message as m
set phone_e164 = null, phone_hash = ledger.keyed_hash(m.phone_e164, :key, 'phone'), purged_at = :now
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
returning m.gateway_message_id;
