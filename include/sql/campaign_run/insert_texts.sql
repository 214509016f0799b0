/*
name:    campaign_run/insert_texts
purpose: Keep the rendered texts of a run.
grain:   one row per rendered text
params:  campaign_run_id (uuid), variant (text), version (int), body (text), parts (int)
returns: text_id
*/
insert into ledger.message_text (campaign_run_id, variant, version, body, parts)
values (:campaign_run_id, :variant, :version, :body, :parts)
on conflict (campaign_run_id, variant, body) do update set version = excluded.version
returning text_id;
