-- Of the messages that left (notice_id, sent_at), by campaign: those whose subject the records had shown as settled before
-- the last reconciliation that could still cancel, and those that were recorded as settled by the time they left.
with sent as (
    select
        m.notice_id,
        m.sent_at,
        (
            select max(l.recorded_at)
            from records.load as l
            where l.recorded_at <= m.sent_at - cast(:margin as interval)
        ) as loaded_at
    from json_to_recordset(cast(:messages as json)) as m (notice_id uuid, sent_at timestamptz)
)

select
    n.campaign,
    count(*) as messages,
    count(*) filter (where known.is_settled) as after_settled,
    count(*) filter (where at_departure.is_settled) as paid_meanwhile
from sent as s
inner join ledger.notice as n on s.notice_id = n.notice_id
left join lateral records.settlement(n.subject, s.loaded_at) as known on true
left join lateral records.settlement(n.subject, s.sent_at) as at_departure on true
group by n.campaign;
