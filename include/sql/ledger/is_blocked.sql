/*
name:    ledger/is_blocked
purpose: Whether a gateway's own delay (Retry-After) holds at this moment.
grain:   one row
params:  gateway (text)
returns: is_blocked
*/
select count(*) > 0 as is_blocked
from ledger.gateway_pace as p
where p.gateway = :gateway and p.blocked_until > clock_timestamp();
