/*
name:    recovery/find_inquiry
purpose: The newest inquiry of a gateway that was begun since a moment, was broken off, and goes back far enough.
grain:   one row, or none
params:  gateway (text), asked_since (timestamptz), since (timestamptz)
returns: gateway_inquiry_id, since_at, until_at, read_until
*/
select
    i.gateway_inquiry_id,
    i.since_at,
    i.until_at,
    i.read_until
from ledger.gateway_inquiry as i
where
    i.gateway = :gateway and i.asked_at >= :asked_since and i.since_at <= :since
    and i.finished_at is null
order by i.gateway_inquiry_id desc
limit 1;
