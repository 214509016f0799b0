/*
name:    campaign_run/list_last_runs
purpose: The last run of each campaign, with the messages that have left or may yet leave.
grain:   one row per campaign that ever had a run
params:
returns: campaign, occurrence_on, composed_at, closed_as, messages
*/
with last_run as (
    select distinct on (r.campaign)
        r.campaign_run_id,
        r.campaign,
        r.occurrence_on,
        r.composed_at,
        r.closed_as
    from ledger.campaign_run as r
    order by r.campaign, r.occurrence_on desc
)

select
    l.campaign,
    l.occurrence_on,
    l.composed_at,
    l.closed_as,
    (
        select count(*)
        from ledger.notice as n
        inner join ledger.notice_state as s on n.state = s.state
        where n.campaign_run_id = l.campaign_run_id and s.is_live
    ) as messages
from last_run as l
order by l.campaign;
