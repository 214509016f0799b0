/*
name:    ledger/list_bookings_to_cancel
purpose: Booked notices, later than the moment until which bookings can still be cancelled, that the records speak
         against by now.
grain:   one row per notice
params:  gateway (text), cancellable_until (timestamptz), known_at (timestamptz),
         on_day (date), confirmed_since (date)
returns: notice_id, campaign, gateway_message_id, reason
*/
select
    n.notice_id,
    n.campaign,
    n.gateway_message_id,
    s.reason
from ledger.notice as n
cross join
    lateral records.suppression(
        n.subject, n.resident_id, n.phone_e164, :known_at, :on_day, :confirmed_since
    ) as s
where n.state = 'accepted' and n.gateway = :gateway and n.scheduled_at > :cancellable_until and s.reason is not null
order by n.scheduled_at, n.notice_id;
