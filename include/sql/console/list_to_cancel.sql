/*
name:    console/list_to_cancel
purpose: Bookings in a console that the records speak against by now, or whose run was stopped, and that a person can
         still cancel there. The booking is the planned time, or some minutes after the upload when that is later.
grain:   one row per notice
params:  gateway (text), lead_minutes (int), cancellable_until (timestamptz), known_at (timestamptz), on_day (date),
         confirmed_since (date)
returns: notice_id, scheduled_at, reason, file, is_listed
*/
select
    n.notice_id,
    n.scheduled_at,
    coalesce(s.reason, r.closed_as) as reason,
    split_part(n.gateway_message_id, ':', 1) as file,
    coalesce(n.cancel_reason = coalesce(s.reason, r.closed_as), false) as is_listed
from ledger.notice as n
inner join ledger.campaign_run as r on n.campaign_run_id = r.campaign_run_id
cross join
    lateral records.suppression(
        n.subject, n.resident_id, n.phone_e164, :known_at, :on_day, :confirmed_since
    ) as s
where
    n.state = 'accepted' and n.gateway = :gateway and (s.reason is not null or r.closed_as = 'stopped')
    and greatest(n.scheduled_at, n.handed_over_at + make_interval(mins => :lead_minutes)) > :cancellable_until
order by n.scheduled_at, n.notice_id;
