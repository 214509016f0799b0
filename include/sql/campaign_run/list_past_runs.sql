/*
name:    campaign_run/list_past_runs
purpose: Where the runs of some campaigns stand, between two days of occurrences: what was decided, how many notices are
         left in the line (in_line; the last booking of the planned ones is line_until), how many left it for the
         gateway (handed_over), and how many missed their window (lapsed). Without a last day: all that came since.
grain:   one row per campaign run
params:  campaigns (text[]), since (date), until (date)
returns: campaign, occurrence_on, occurrence_at, campaign_run_id, opened_at, composed_at, closed_as, closed_by,
         closed_reason, in_line, handed_over, lapsed, line_until, is_approved
*/
select
    r.campaign,
    r.occurrence_on,
    r.occurrence_at,
    r.campaign_run_id,
    r.opened_at,
    r.composed_at,
    r.closed_as,
    r.closed_by,
    r.closed_reason,
    n.in_line,
    n.handed_over,
    n.lapsed,
    l.line_until,
    ledger.is_approved(r.campaign_run_id) as is_approved
from ledger.campaign_run as r
cross join
    lateral (
        select
            count(*) filter (where n.state in ('planned', 'claimed')) as in_line,
            count(*) filter (where not s.is_open and n.state <> 'claimed') as handed_over,
            count(*) filter (where n.state = 'expired' and n.reason = 'window_closed') as lapsed
        from ledger.notice as n
        inner join ledger.notice_state as s on n.state = s.state
        where n.campaign_run_id = r.campaign_run_id
    ) as n
cross join
    lateral (
        select max(p.scheduled_at) as line_until
        from ledger.notice as p
        where p.campaign_run_id = r.campaign_run_id and p.state = 'planned'
    ) as l
where
    r.campaign = any(:campaigns ::text []) and r.occurrence_on >= :since ::date
    and (:until ::date is null or r.occurrence_on <= :until ::date)
order by r.campaign, r.occurrence_on;
