/*
name:    effect/insert_measurement
purpose: Keep a measurement, unless the last one of the season says the same.
grain:   one row when it says something else
params:  campaign (text), season (int), counts (jsonb), now (timestamptz), by (text)
returns: measurement_id
*/
insert into ledger.measurement (campaign, season, measured_at, measured_by, counts)
with told_last as (
    select m.counts
    from ledger.measurement as m
    where m.campaign = :campaign and m.season = :season
    order by m.measurement_id desc
    limit 1
)

select
    :campaign,
    :season,
    :now,
    :by,
    t.counts
from (select :counts ::jsonb as counts) as t
left join told_last as l on true
where l.counts is distinct from t.counts
returning measurement_id;
