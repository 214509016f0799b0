/*
name:    campaign/count_settled
purpose: Of the messages of some runs that a telephone received, how many had their subject settled within so many days
         of the day on which they left. Whether the message brought it about is not asked.
grain:   one row per campaign run with any
params:  campaign_run_ids (uuid[]), days (int)
returns: campaign_run_id, settled
*/
with settled as (
    select
        n.campaign_run_id,
        o.settled_on - (coalesce(n.sent_at, n.scheduled_at) at time zone 'Asia/Tokyo')::date as days_after
    from ledger.notice as n
    inner join ledger.outcome as o on n.notice_id = o.notice_id
    where n.campaign_run_id = any(:campaign_run_ids ::uuid []) and n.state = 'delivered' and o.kind = 'settled'
)

select
    s.campaign_run_id,
    count(*) as settled
from settled as s
where s.days_after between 0 and :days ::int
group by s.campaign_run_id
order by s.campaign_run_id;
