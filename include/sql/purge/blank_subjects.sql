/*
name:    purge/blank_subjects
purpose: Replace by keyed hashes whom some of a run's notices are about. That the subject was reminded can still be told
         by whoever has the key.
grain:   one row per notice
params:  campaign_run_id (uuid), key (bytea), now (timestamptz), most (int)
returns: notice_id
*/
with due as (
    select n.notice_id
    from ledger.notice as n
    where n.campaign_run_id = :campaign_run_id and n.pseudonymised_at is null and n.purged_at is not null
    order by n.notice_id
    limit :most
    for update of n
)

update ledger.notice as n
set
    subject = ledger.blank_subject(n.subject, :key),
    resident_id = ledger.keyed_hash(n.resident_id, :key, 'resident'),
    pseudonymised_at = :now
from due as d
where n.notice_id = d.notice_id
returning n.notice_id;
