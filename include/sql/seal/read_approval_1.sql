/*
name:    seal/read_approval_1
purpose: Approvals in the canonical form 1: a JSON array of named columns, moments as seconds since 1970, so that
         neither a column added later nor a session's time zone changes it. Never edit it: what was sealed by this form
         is verified by it. For other columns add a form 2.
grain:   one row
params:  from_id (bigint), to_id (bigint), most (bigint)
returns: rows_count, last_id, lines
*/
with canonical as (
    select
        a.approval_id as id,
        pg_catalog.json_build_array(
            a.approval_id, a.campaign_run_id, a.digest, a.decision, a.decided_by, extract(epoch from a.decided_at),
            a.reason, a.is_automatic
        )::text as line
    from ledger.approval as a
    where a.approval_id between :from_id and :to_id
    order by a.approval_id
    limit :most
)

select
    count(*) as rows_count,
    max(c.id) as last_id,
    -- No line break stands as itself in JSON.
    string_agg(c.line, chr(10) order by c.id) as lines
from canonical as c;
