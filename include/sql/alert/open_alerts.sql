/*
name:    alert/open_alerts
purpose: Keep what a look has found: a new alert, or the present words of one that is open.
grain:   one row per alert found
params:  kinds (text[]), keys (text[]), campaigns (text[]), places (text[]), sentences (text[]), to_dos (text[]),
         now (timestamptz)
returns: alert_id
*/
insert into ledger.alert (kind, key, campaign, place, sentence, to_do, opened_at, seen_at)
select
    f.kind,
    f.key,
    f.campaign,
    f.place,
    f.sentence,
    f.to_do,
    :now as opened_at,
    :now as seen_at
from
    unnest(
        :kinds ::text [], :keys ::text [], :campaigns ::text [], :places ::text [], :sentences ::text [],
        :to_dos ::text []
    ) as f (kind, key, campaign, place, sentence, to_do)
on conflict (kind, key) where cleared_at is null
do update
    set
        campaign = excluded.campaign, place = excluded.place, sentence = excluded.sentence, to_do = excluded.to_do,
        seen_at = excluded.seen_at
returning alert_id;
