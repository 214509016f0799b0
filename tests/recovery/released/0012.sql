insert into ledger.erasure (resident_hashes, reason, counts, erased_at, erased_by)
values (
    array[ledger.keyed_hash('0000007777', convert_to('a key for tests, 32 characters...', 'UTF8'), 'resident')],
    '請求第1号', '{}', '2026-10-01T15:00+09:00', 'mori'
);
