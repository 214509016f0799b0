-- Of the messages that left (notice_id, sent_at): those whose subject the records had shown as settled before the last
-- reconciliation that could still cancel, and those whose payment was recorded elsewhere but not loaded yet.
with sent as (
    select
        m.notice_id,
        m.sent_at,
        (select max(l.as_of) from records.load as l where l.as_of <= m.sent_at - cast(:margin as interval)) as loaded_at
    from json_to_recordset(cast(:messages as json)) as m (notice_id uuid, sent_at timestamptz)
)

select
    count(*) as messages,
    count(*) filter (where known.balance_yen <= 0) as after_settled,
    count(*) filter (where at_departure.balance_yen <= 0) as paid_meanwhile
from sent as s
inner join ledger.notice as n on s.notice_id = n.notice_id
cross join lateral records.levy_balance(n.subject, s.loaded_at) as known
cross join lateral records.levy_balance(n.subject, s.sent_at) as at_departure;
