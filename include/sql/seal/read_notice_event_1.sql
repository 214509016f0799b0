/*
name:    seal/read_notice_event_1
purpose: Rows of the event log in the canonical form 1: a JSON array of named columns, moments as seconds since 1970, so
         that neither a column added later nor a session's time zone changes it. Never edit it: what was sealed by this
         form is verified by it. For other columns add a form 2.
grain:   one row
params:  from_id (bigint), to_id (bigint), most (bigint)
returns: rows_count, last_id, lines
*/
with canonical as (
    select
        e.event_id as id,
        pg_catalog.json_build_array(
            e.event_id, e.notice_id, e.campaign_run_id, e.from_state, e.to_state, e.reason, e.attempt, e.changed_by,
            extract(epoch from e.changed_at), extract(epoch from e.recorded_at)
        )::text as line
    from ledger.notice_event as e
    where e.event_id between :from_id and :to_id
    order by e.event_id
    limit :most
)

select
    count(*) as rows_count,
    max(c.id) as last_id,
    -- No line break stands as itself in JSON.
    string_agg(c.line, chr(10) order by c.id) as lines
from canonical as c;
