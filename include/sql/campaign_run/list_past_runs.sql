/*
name:    campaign_run/list_past_runs
purpose: Where the runs of some campaigns stand, since the day of an occurrence: what was decided, how many notices are
         left in the line (in_line), how many left it for the gateway (handed_over), and how many missed their window
         (lapsed).
grain:   one row per campaign run
params:  campaigns (text[]), since (date)
returns: campaign, occurrence_on, occurrence_at, campaign_run_id, opened_at, composed_at, closed_as, closed_by,
         closed_reason, in_line, handed_over, lapsed, is_approved
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
    ledger.is_approved(r.campaign_run_id) as is_approved
from ledger.campaign_run as r
left join lateral (
    select
        count(*) filter (where n.state in ('planned', 'claimed')) as in_line,
        count(*) filter (where not s.is_open and n.state <> 'claimed') as handed_over,
        count(*) filter (where n.state = 'expired' and n.reason = 'window_closed') as lapsed
    from ledger.notice as n
    inner join ledger.notice_state as s on n.state = s.state
    where n.campaign_run_id = r.campaign_run_id
) as n on true
where r.campaign = any(:campaigns) and r.occurrence_on >= :since
order by r.campaign, r.occurrence_on;
