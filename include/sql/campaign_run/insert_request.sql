/*
name:    campaign_run/insert_request
purpose: Keep who asked for a run, or wrote one of its texts; once a person and way.
grain:   one row
params:  campaign_run_id (uuid), asked_by (text), kind (text), asked_at (timestamptz)
returns: nothing
*/
insert into ledger.request (campaign_run_id, asked_by, kind, asked_at)
values (:campaign_run_id, :asked_by, :kind, :asked_at)
on conflict do nothing;
