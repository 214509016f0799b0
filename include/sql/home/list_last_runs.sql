/*
name:    home/list_last_runs
purpose: The last run of each of some campaigns: how far it has come, and what became of its messages. `sent` is with
         the gateway and not cancelled, `concluded` has a receipt that says how it ended.
grain:   one row per campaign that ever had a run
params:  campaigns (text[])
returns: campaign_run_id, campaign, occurrence_on, composed_at, closed_as, in_line, sent, delivered, concluded,
         is_approved
*/
with last_run as (
    select distinct on (r.campaign)
        r.campaign_run_id,
        r.campaign,
        r.occurrence_on,
        r.composed_at,
        r.closed_as
    from ledger.campaign_run as r
    where r.campaign = any(:campaigns ::text [])
    order by r.campaign, r.occurrence_on desc
)

select
    l.campaign_run_id,
    l.campaign,
    l.occurrence_on,
    l.composed_at,
    l.closed_as,
    n.in_line,
    n.sent,
    n.delivered,
    n.concluded,
    ledger.is_approved(l.campaign_run_id) as is_approved
from last_run as l
cross join
    lateral (
        select
            count(*) filter (where n.state in ('planned', 'claimed')) as in_line,
            count(*) filter (where n.state in ('accepted', 'delivered', 'undelivered', 'failed', 'unknown')) as sent,
            count(*) filter (where n.state = 'delivered') as delivered,
            count(*) filter (where n.state in ('delivered', 'undelivered', 'failed')) as concluded
        from ledger.notice as n
        where n.campaign_run_id = l.campaign_run_id
    ) as n
order by l.campaign;
