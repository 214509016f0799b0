/*
name:    alert/list_open
purpose: Every alert that is open, the longest one first.
grain:   one row per alert
params:
returns: alert_id, kind, key, campaign, place, sentence, to_do, opened_at
*/
select
    a.alert_id,
    a.kind,
    a.key,
    a.campaign,
    a.place,
    a.sentence,
    a.to_do,
    a.opened_at
from ledger.alert as a
where a.cleared_at is null
order by a.opened_at, a.alert_id;
