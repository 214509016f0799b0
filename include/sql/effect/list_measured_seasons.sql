/*
name:    effect/list_measured_seasons
purpose: Seasons of a campaign that have been measured, the latest first.
grain:   one row per season
params:  campaign (text)
returns: season
*/
select distinct m.season
from ledger.measurement as m
where m.campaign = :campaign
order by m.season desc;
