/*
name:    person/blank_notices
purpose: Take number and id out of every notice of a person that is in no line, as retention would later.
grain:   one row per notice
params:  ids (text[]), key (bytea), now (timestamptz)
returns: campaign_run_id
*/
with due as (
    select
        n.notice_id,
        case
            when n.purged_at is not null then n.content_digest
            when t.text_id is not null and n.batch is not null then ledger.notice_digest(n.*, t.body, :key)
        end as digest
    from ledger.notice as n
    left join ledger.message_text as t on n.text_id = t.text_id
    where n.resident_id = any(:ids ::text []) and n.pseudonymised_at is null and n.state <> 'planned'
    for update of n
)

update ledger.notice as n
set
    phone_e164 = null,
    phone_hash = coalesce(n.phone_hash, ledger.keyed_hash(n.phone_e164, :key, 'phone')),
    content_digest = d.digest,
    purged_at = coalesce(n.purged_at, :now),
    subject = ledger.blank_subject(n.subject, :key),
    resident_id = ledger.keyed_hash(n.resident_id, :key, 'resident'),
    pseudonymised_at = :now
from due as d
where n.notice_id = d.notice_id
returning n.campaign_run_id;
