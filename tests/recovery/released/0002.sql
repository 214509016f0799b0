insert into ledger.gateway_pace (gateway, next_at) values ('karaden', '2026-10-02T11:00+09:00');
update ledger.notice
set cancel_reason = 'settled', cancel_outcome = 'cancelled', cancel_tried_at = '2026-10-02T12:00+09:00'
where resident_id = '0000000005';
