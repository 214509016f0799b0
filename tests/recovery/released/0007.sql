insert into ledger.call_count (section, received_on, calls, recorded_by, recorded_at)
values ('保険料係', '2026-10-02', 4, 'sato', '2026-10-02T17:30+09:00');
insert into ledger.measurement (campaign, season, measured_at, measured_by, counts)
values ('nhi_overdue', 2025, '2026-06-01T06:30+09:00', 'measure_outcomes', '{}');
