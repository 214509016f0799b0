/*
name:    schema/0006_home
purpose: Counting the notices of a run by state and reason without reading them: the pages do it for many runs at once.
*/
create index notice_run_state on ledger.notice (campaign_run_id, state, reason);
