/*
name:    bench/make_unsent
purpose: A run of `insert_sent_run` as if nothing of it had been handed over yet.
grain:   one row per notice
params:  campaign_run_id (uuid)
returns: nothing
*/
update ledger.notice
set
    state = 'planned', reason = null, handed_over_at = null, gateway = null, gateway_message_id = null, carrier = null,
    charged_parts = null, sent_at = null, received_at = null
where campaign_run_id = :campaign_run_id and batch is not null;
