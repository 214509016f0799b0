/*
name:    review/count_settled
purpose: Of what was sent in a run, how many matters were settled so many days (JST) after the send; negative: before.
grain:   one row per number of days
params:  campaign_run_id (uuid)
returns: days_after, settled
*/
select
    o.settled_on - (n.scheduled_at at time zone 'Asia/Tokyo')::date as days_after,
    count(*) as settled
from ledger.notice as n
inner join ledger.outcome as o on n.notice_id = o.notice_id and o.kind = 'settled'
where
    n.campaign_run_id = :campaign_run_id
    and n.state in ('accepted', 'delivered', 'undelivered', 'failed')
group by 1
order by 1;
