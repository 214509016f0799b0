/*
name:    campaign_run/list_past_runs
purpose: Where the runs of some campaigns stand, between two days of occurrences: what was decided, how many notices are
         left in the line (in_line; the last booking of the planned ones is line_until), how many missed their window
         (lapsed), and whether any left the line for the gateway. How many did (handed_over) is counted only when asked
         for: of a large run that takes longer than all else. Without a last day: all that came since.
grain:   one row per campaign run
params:  campaigns (text[]), since (date), until (date), counts_handed_over (boolean)
returns: campaign, occurrence_on, occurrence_at, campaign_run_id, opened_at, composed_at, closed_as, closed_by,
         closed_reason, in_line, lapsed, line_until, is_approved, has_handed_over, handed_over
*/
with gone as (
    select array_agg(s.state) as states
    from ledger.notice_state as s
    where not s.is_open and s.state <> 'claimed'
)

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
    l.in_line,
    e.lapsed,
    l.line_until,
    ledger.is_approved(r.campaign_run_id) as is_approved,
    exists(
        select 1
        from ledger.notice as n
        where n.campaign_run_id = r.campaign_run_id and n.state = any(g.states)
    ) as has_handed_over,
    case
        when :counts_handed_over ::boolean
            then (
                select count(*)
                from ledger.notice as n
                where n.campaign_run_id = r.campaign_run_id and n.state = any(g.states)
            )
    end as handed_over
from ledger.campaign_run as r
cross join gone as g
cross join
    lateral (
        select
            count(*) as in_line,
            max(n.scheduled_at) filter (where n.state = 'planned') as line_until
        from ledger.notice as n
        where n.campaign_run_id = r.campaign_run_id and n.state in ('planned', 'claimed')
    ) as l
cross join
    lateral (
        select count(*) as lapsed
        from ledger.notice as n
        where n.campaign_run_id = r.campaign_run_id and n.state = 'expired' and n.reason = 'window_closed'
    ) as e
where
    r.campaign = any(:campaigns ::text []) and r.occurrence_on >= :since ::date
    and (:until ::date is null or r.occurrence_on <= :until ::date)
order by r.campaign, r.occurrence_on;
