/*
name:    ledger/list_bookings_to_cancel
purpose: Booked notices, later than the moment until which bookings can still be cancelled, that the records speak
         against by now, or whose run was stopped. What the records say is the reason that is kept. Without a run: of
         all.
grain:   one row per notice
params:  gateway (text), campaign_run_id (uuid), cancellable_until (timestamptz), known_at (timestamptz),
         on_day (date), confirmed_since (date)
returns: notice_id, campaign, gateway_message_id, reason
*/
select
    n.notice_id,
    n.campaign,
    n.gateway_message_id,
    coalesce(s.reason, r.closed_as) as reason
from ledger.notice as n
inner join ledger.campaign_run as r on n.campaign_run_id = r.campaign_run_id
cross join
    lateral records.suppression(
        n.subject, n.resident_id, n.phone_e164, :known_at, :on_day, :confirmed_since
    ) as s
where
    n.state = 'accepted' and n.gateway = :gateway and n.scheduled_at > :cancellable_until
    and (s.reason is not null or r.closed_as = 'stopped')
    and (:campaign_run_id ::uuid is null or n.campaign_run_id = :campaign_run_id)
order by n.scheduled_at, n.notice_id;
