/*
name:    purge/insert_purge
purpose: Keep what a purge took away, by which settings, when.
grain:   one row
params:  kind (text), campaign_run_id (uuid), rows_count (int), retention (jsonb), now (timestamptz), by (text)
returns: nothing
*/
insert into ledger.purge (kind, campaign_run_id, rows_count, retention, purged_at, purged_by)
values (:kind, :campaign_run_id, :rows_count, :retention, :now, :by);
