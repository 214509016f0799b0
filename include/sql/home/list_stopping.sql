/*
name:    home/list_stopping
purpose: Stopped runs of which something may still go out: booked later than the moment until which bookings can be
         cancelled, or held by a sender or in an upload file.
grain:   one row per campaign run
params:  campaigns (text[]), cancellable_until (timestamptz)
returns: campaign_run_id, campaign, occurrence_on, closed_at, booked, under_way
*/
select
    r.campaign_run_id,
    r.campaign,
    r.occurrence_on,
    r.closed_at,
    count(*) filter (where n.state = 'accepted') as booked,
    count(*) filter (where n.state <> 'accepted') as under_way
from ledger.campaign_run as r
inner join ledger.notice as n on r.campaign_run_id = n.campaign_run_id
where
    r.campaign = any(:campaigns ::text []) and r.closed_as = 'stopped'
    and (
        (n.state = 'accepted' and n.scheduled_at > :cancellable_until)
        or n.state = 'claimed'
        or (n.state = 'unknown' and n.reason = 'in_upload_file')
    )
group by r.campaign_run_id
order by r.closed_at;
