/*
name:    extract/list_ages
purpose: How old the newest extract of each table was when a run, and the last ones of its campaign before it, were
         planned.
grain:   one row per run and extract
params:  campaign (text), campaign_run_id (uuid), extracts (text[]), most (int)
returns: is_earlier, extract, age
*/
with planned as (
    select
        r.campaign_run_id,
        r.composed_at
    from ledger.campaign_run as r
    where r.campaign = :campaign and r.composed_at is not null
    order by r.campaign_run_id = :campaign_run_id desc, r.occurrence_on desc
    limit :most + 1
)

select
    p.campaign_run_id <> :campaign_run_id as is_earlier,
    l.extract,
    p.composed_at - max(l.as_of) as age
from planned as p
inner join records.load as l on p.composed_at >= l.as_of
where l.extract = any(:extracts ::text [])
group by p.campaign_run_id, p.composed_at, l.extract
order by l.extract, p.campaign_run_id;
