/*
name:    effect/list_seasons
purpose: Seasons of a campaign with a run of which something was handed over, the latest first; without those of which
         nobody can be told any more what became of whom.
grain:   one row per season
params:  campaign (text)
returns: season, last_occurrence_on
*/
select
    r.season,
    max(r.occurrence_on) as last_occurrence_on
from ledger.campaign_run as r
where
    r.campaign = :campaign and r.season is not null
    and exists (
        select 1
        from ledger.notice as n
        where n.campaign_run_id = r.campaign_run_id and n.handed_over_at is not null
    )
group by r.season
having bool_and(r.pseudonymised_at is null)
order by r.season desc;
