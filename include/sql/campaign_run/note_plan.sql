/*
name:    campaign_run/note_plan
purpose: Keep with a run what the pace of later ones has to know of it, and how many have to approve it.
grain:   one row per run
params:  campaign_run_id (uuid), section (text), season (int), call_rate (float8), approvals_needed (int),
         settings_digest (text)
returns: nothing
*/
update ledger.campaign_run
set
    section = :section,
    season = :season,
    call_rate = :call_rate,
    approvals_needed = :approvals_needed,
    settings_digest = :settings_digest
where campaign_run_id = :campaign_run_id;
