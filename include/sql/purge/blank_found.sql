/*
name:    purge/blank_found
purpose: Take the numbers out of some of the messages that were found at the gateway after a restore, long after they
         went out. A keyed hash stays.
grain:   one row per message
params:  before (timestamptz), key (bytea), now (timestamptz), most (int)
returns: gateway_message_id
*/
with due as (
    select
        m.gateway,
        m.gateway_message_id
    from ledger.foreign_message as m
    where m.purged_at is null and greatest(m.accepted_at, m.scheduled_at, m.found_at) < :before
    limit :most
)

update ledger.foreign_message as m
set phone_e164 = null, phone_hash = ledger.keyed_hash(m.phone_e164, :key, 'phone'), purged_at = :now
from due as d
where m.gateway = d.gateway and m.gateway_message_id = d.gateway_message_id
returning m.gateway_message_id;
