/*
name:    alert/list_to_tell
purpose: Alerts that are open, or ended since a moment, with what one way has told of each and when last.
grain:   one row per alert
params:  way (text), cleared_since (timestamptz)
returns: alert_id, kind, key, campaign, place, sentence, to_do, opened_at, cleared_at, told
*/
select
    a.alert_id,
    a.kind,
    a.key,
    a.campaign,
    a.place,
    a.sentence,
    a.to_do,
    a.opened_at,
    a.cleared_at,
    (
        select coalesce(jsonb_object_agg(t.telling, t.told_at), '{}')
        from (
            select
                t.telling,
                max(t.told_at) as told_at
            from ledger.alert_telling as t
            where t.alert_id = a.alert_id and t.way = :way
            group by t.telling
        ) as t
    ) as told
from ledger.alert as a
where a.cleared_at is null or a.cleared_at >= :cleared_since
order by a.opened_at, a.alert_id;
