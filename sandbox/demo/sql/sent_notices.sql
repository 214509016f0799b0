-- Of every notice that may have reached the gateway: its campaign, and what kind of thing it is about.
select
    n.notice_id::text as notice_id,
    n.campaign,
    records.subject_kind(n.subject) as kind
from ledger.notice as n
where n.attempt > 0;
