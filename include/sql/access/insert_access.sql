/*
name:    access/insert_access
purpose: Keep who looks up whom, or takes a list out of the pages, and why.
grain:   one row
params:  kind (text), accessed_by (text), accessed_at (timestamptz), resident_id (text), campaign_run_id (uuid),
         choice (text), rows_count (int), reason (text), campaigns (text[])
returns: access_id
*/
insert into ledger.access (
    kind, accessed_by, accessed_at, resident_id, campaign_run_id, choice, rows_count, reason, campaigns
)
values (
    :kind, :accessed_by, :accessed_at, :resident_id, :campaign_run_id, :choice, :rows_count, :reason,
    :campaigns ::text []
)
returning access_id;
