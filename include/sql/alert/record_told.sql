/*
name:    alert/record_told
purpose: Keep what was told of some alerts by one way.
grain:   one row per alert
params:  alert_ids (bigint[]), tellings (text[]), way (text), now (timestamptz)
returns: nothing
*/
insert into ledger.alert_telling (alert_id, way, telling, told_at)
select
    t.alert_id,
    :way as way,
    t.telling,
    :now as told_at
from unnest(:alert_ids ::bigint [], :tellings ::text []) as t (alert_id, telling);
