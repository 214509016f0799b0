/*
name:    effect/list_measurements
purpose: What was measured of a season, the latest first.
grain:   one row per measurement
params:  campaign (text), season (int), most (int)
returns: measured_at, counts
*/
select
    m.measured_at,
    m.counts
from ledger.measurement as m
where m.campaign = :campaign and m.season = :season
order by m.measurement_id desc
limit :most;
