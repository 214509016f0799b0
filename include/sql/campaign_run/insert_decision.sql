/*
name:    campaign_run/insert_decision
purpose: Keep who decided what about which content; the same person's second word about the same content is dropped.
grain:   one row
params:  campaign_run_id (uuid), digest (text), decision (text), decided_by (text), decided_at (timestamptz),
         reason (text), is_automatic (boolean)
returns: nothing
*/
insert into ledger.approval (campaign_run_id, digest, decision, decided_by, decided_at, reason, is_automatic)
values (:campaign_run_id, :digest, :decision, :decided_by, :decided_at, :reason, :is_automatic)
on conflict (campaign_run_id, digest, decided_by) do nothing;
