/*
name:    purge/blank_numbers
purpose: Take the numbers out of some of a run's notices whose life ended long enough ago. A keyed hash stays, and what
         the batch's digest has of each.
grain:   one row per notice
params:  campaign_run_id (uuid), before (timestamptz), key (bytea), now (timestamptz), most (int)
returns: notice_id
*/
with due as (
    select
        n.notice_id,
        case
            when t.text_id is not null and n.batch is not null then ledger.notice_digest(n.*, t.body, :key)
        end as digest
    from ledger.notice as n
    inner join ledger.notice_state as s on n.state = s.state and s.is_settled
    left join ledger.message_text as t on n.text_id = t.text_id
    where
        n.campaign_run_id = :campaign_run_id and n.purged_at is null
        and greatest(n.state_changed_at, n.scheduled_at, n.sent_at, n.received_at) < :before
        and not exists (
            select 1
            from ledger.receipt as r
            where r.notice_id = n.notice_id and r.recorded_at >= :before
        )
    order by n.notice_id
    limit :most
    for update of n
)

update ledger.notice as n
set
    phone_e164 = null,
    phone_hash = ledger.keyed_hash(n.phone_e164, :key, 'phone'),
    content_digest = d.digest,
    purged_at = :now
from due as d
where n.notice_id = d.notice_id
returning n.notice_id;
