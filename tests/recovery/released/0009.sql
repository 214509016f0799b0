insert into ledger.sending_lock (kind, reason, locked_at, locked_by)
values ('by_hand', '点検', '2026-10-01T09:00+09:00', 'mori');
insert into ledger.sending_release (sending_lock_id, ground, reason, released_at, released_by)
select sending_lock_id, 'word_of_a_person', '点検おわり', '2026-10-01T10:00+09:00', 'mori' from ledger.sending_lock
where kind = 'by_hand';
