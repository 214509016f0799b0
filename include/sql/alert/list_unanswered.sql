/*
name:    alert/list_unanswered
purpose: Runs that ended since a moment because nobody decided on them in time.
grain:   one row per campaign run
params:  campaigns (text[]), since (timestamptz)
returns: campaign_run_id, campaign, occurrence_on, closed_at, notices
*/
select
    r.campaign_run_id,
    r.campaign,
    r.occurrence_on,
    r.closed_at,
    (
        select count(*)
        from ledger.notice as n
        where n.campaign_run_id = r.campaign_run_id and n.state = 'expired'
    ) as notices
from ledger.campaign_run as r
where
    r.campaign = any(:campaigns ::text [])
    and r.closed_as = 'expired' and r.composed_at is not null and r.closed_at >= :since
order by r.closed_at;
