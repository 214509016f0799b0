/*
name:    stop/list_gone
purpose: What of a run went out or may have, and can not be cancelled any more, in the order of leaving, from behind one
         of its notices. The number is masked here already.
grain:   one row per notice
params:  campaign_run_id (uuid), lead_minutes (int), cancellable_until (timestamptz), after_id (uuid), most (int)
returns: notice_id, state, reason, sent_at, received_at, cancel_outcome, phone_masked, leaves_at
*/
select
    n.notice_id,
    n.state,
    n.reason,
    n.sent_at,
    n.received_at,
    n.cancel_outcome,
    '***-****-' || right(n.phone_e164, 4) as phone_masked,
    greatest(n.scheduled_at, n.handed_over_at) as leaves_at
from ledger.notice as n
where
    n.campaign_run_id = :campaign_run_id
    and (
        n.state in ('delivered', 'undelivered', 'failed')
        or (n.state = 'unknown' and n.reason <> 'in_upload_file')
        or (
            n.state = 'accepted'
            and greatest(n.scheduled_at, n.handed_over_at + make_interval(mins => :lead_minutes)) <= :cancellable_until
        )
    )
    and (
        :after_id ::uuid is null
        or (n.scheduled_at, n.notice_id) > (
            select
                a.scheduled_at,
                a.notice_id
            from ledger.notice as a
            where a.notice_id = :after_id and a.campaign_run_id = :campaign_run_id
        )
    )
order by n.scheduled_at, n.notice_id
limit :most;
