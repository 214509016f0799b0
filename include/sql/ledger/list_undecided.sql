/*
name:    ledger/list_undecided
purpose: The notices that wait for a person, one by one, for the decision page. The number is masked here already.
grain:   one row per notice
params:  campaigns (text[]), after_id (uuid), most (int)
returns: notice_id, campaign, occurrence_on, attempt, scheduled_at, limited_at, phone_masked, claimed_at
*/
select
    n.notice_id,
    n.campaign,
    r.occurrence_on,
    n.attempt,
    n.scheduled_at,
    n.limited_at,
    ledger.mask_phone(n.phone_e164) as phone_masked,
    (
        select max(e.changed_at)
        from ledger.notice_event as e
        where e.notice_id = n.notice_id and e.to_state = 'claimed'
    ) as claimed_at
from ledger.notice as n
inner join ledger.campaign_run as r on n.campaign_run_id = r.campaign_run_id
where
    n.state = 'unknown' and n.reason = 'not_found' and n.campaign = any(:campaigns ::text [])
    and n.notice_id > :after_id
order by n.notice_id
limit :most;
