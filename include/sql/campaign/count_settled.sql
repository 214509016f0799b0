/*
name:    campaign/count_settled
purpose: Of the messages of some runs that a telephone received, how many had their subject settled within so many days
         of the day on which they left. Whether the message brought it about is not asked.
grain:   one row per campaign run with any
params:  campaign_run_ids (uuid[]), days (int)
returns: campaign_run_id, settled
*/
select
    n.campaign_run_id,
    count(*) as settled
from ledger.notice as n
inner join ledger.outcome as o on n.notice_id = o.notice_id
cross join
    lateral (
        select (coalesce(n.sent_at, n.scheduled_at) at time zone 'Asia/Tokyo')::date as left_on
    ) as l
where
    n.campaign_run_id = any(:campaign_run_ids ::uuid []) and n.state = 'delivered' and o.kind = 'settled'
    and o.settled_on between l.left_on and l.left_on + :days ::int
group by n.campaign_run_id
order by n.campaign_run_id;
