/*
name:    stop/count_cancellable
purpose: How many bookings of a run can still be cancelled. A booking is the planned time, or some minutes after the
         upload to a console when that is later.
grain:   one row
params:  campaign_run_id (uuid), lead_minutes (int), cancellable_until (timestamptz)
returns: notices
*/
select count(*) as notices
from ledger.notice as n
where
    n.campaign_run_id = :campaign_run_id and n.state = 'accepted'
    and greatest(n.scheduled_at, n.handed_over_at + make_interval(mins => :lead_minutes)) > :cancellable_until;
