/*
name:    stop/count_whereabouts
purpose: Where the notices are that a run was to send. A booking is the planned time, or some minutes after the upload
         to a console when that is later.
grain:   one row per place
params:  campaign_run_id (uuid), lead_minutes (int), cancellable_until (timestamptz)
returns: whereabouts, notices
*/
select
    case
        when n.state in ('delivered', 'undelivered', 'failed') then 'gone'
        when n.state = 'cancelled' then 'cancelled'
        when
            n.state = 'accepted'
            and greatest(n.scheduled_at, n.handed_over_at + make_interval(mins => :lead_minutes)) > :cancellable_until
            then 'to_cancel'
        when n.state = 'accepted' then 'gone'
        when n.state = 'claimed' or (n.state = 'unknown' and n.reason = 'in_upload_file') then 'under_way'
        when n.state = 'unknown' then 'unknown'
        else 'never_handed_over'
    end as whereabouts,
    count(*) as notices
from ledger.notice as n
where n.campaign_run_id = :campaign_run_id and n.state not in ('suppressed', 'held_out', 'deferred')
group by whereabouts;
