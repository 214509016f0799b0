/*
name:    recovery/record_found
purpose: What the gateway had, against what the ledger knows. A notice that still waits, or whose outcome is not known,
         was handed over: accepted. A message that belongs to no notice is kept, so that its telephone is not reminded
         again. What is recorded already stays as it is: done twice, it changes nothing. A message is an object with
         notice_id, campaign_run_id, gateway_message_id, phone_e164, state, accepted_at, scheduled_at.
grain:   one row
params:  gateway (text), now (timestamptz), by (text), messages (jsonb)
returns: adopted, kept
*/
with found as (
    select m.*
    from
        jsonb_to_recordset(:messages ::jsonb) as m (
            notice_id uuid,
            campaign_run_id uuid,
            gateway_message_id text,
            phone_e164 text,
            state text,
            accepted_at timestamptz,
            scheduled_at timestamptz
        )
),

-- The first of several messages of a notice; one that reached the telephone or may yet before one that was cancelled.
first_of_notice as (
    select distinct on (f.notice_id) f.*
    from found as f
    order by f.notice_id, f.state = 'cancelled', f.accepted_at, f.gateway_message_id
),

adopted as (
    update ledger.notice as n
    set
        state = 'accepted',
        reason = null,
        gateway = :gateway,
        gateway_message_id = f.gateway_message_id,
        handed_over_at = f.accepted_at,
        attempt = greatest(n.attempt, 1),
        claim_id = null,
        lease_until = null,
        state_changed_at = :now,
        state_changed_by = :by
    from first_of_notice as f
    where
        n.notice_id = f.notice_id and n.state in ('planned', 'claimed', 'unknown')
        and coalesce(n.gateway, :gateway) = :gateway
    returning n.notice_id, n.gateway_message_id
),

kept as (
    insert into ledger.foreign_message (
        gateway, gateway_message_id, notice_id, campaign_run_id, phone_e164, state, accepted_at, scheduled_at,
        found_at, found_by
    )
    select
        :gateway as gateway,
        f.gateway_message_id,
        f.notice_id,
        f.campaign_run_id,
        f.phone_e164,
        f.state,
        f.accepted_at,
        f.scheduled_at,
        :now as found_at,
        :by as found_by
    from found as f
    where
        not exists (select 1 from adopted as a where a.gateway_message_id = f.gateway_message_id)
        and not exists (
            select 1
            from ledger.notice as n
            where n.gateway = :gateway and n.gateway_message_id = f.gateway_message_id
        )
    on conflict (gateway, gateway_message_id) do nothing
    returning gateway_message_id
)

select
    (select count(*) from adopted) as adopted,
    (select count(*) from kept) as kept;
