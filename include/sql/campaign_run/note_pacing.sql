/*
name:    campaign_run/note_pacing
purpose: Keep with a run what the pace of later ones has to know of it.
grain:   one row per run
params:  campaign_run_id (uuid), section (text), season (int), call_rate (float8)
returns: nothing
*/
update ledger.campaign_run
set section = :section, season = :season, call_rate = :call_rate
where campaign_run_id = :campaign_run_id;
