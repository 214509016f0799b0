insert into records.id_change (old_id, new_id, changed_on, recorded_at)
values ('0000000098', '0000000008', '2026-06-01', '2026-09-01T00:00+09:00');
insert into records.alias (alias_id, resident_id) values ('0000000098', '0000000008');
insert into records.inquiry (inquiry_id, received_on, section, resident_id, recorded_at)
values ('q1', '2026-10-02', '保険料係', '0000000001', '2026-10-03T06:00+09:00');
insert into records.refused_file (extract, file_name, code, message, refused_at)
values ('payment', 'payment.csv', 'heading', 'no heading', '2026-10-01T07:00+09:00');
