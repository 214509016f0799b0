/*
name:    alert/clear_alerts
purpose: End the open alerts of the kinds that a look could judge, except those that it has found, and those of
         campaigns whose settings it could not read.
grain:   one row per alert that ended
params:  judged (text[]), found (bigint[]), unreadable (text[]), now (timestamptz)
returns: alert_id
*/
update ledger.alert as a
set cleared_at = :now
where
    a.cleared_at is null and a.kind = any(:judged ::text [])
    and a.alert_id <> all(:found ::bigint [])
    and (a.campaign is null or a.campaign <> all(:unreadable ::text []))
returning a.alert_id;
