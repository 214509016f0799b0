"""Where the sandbox's story begins: the ward, and the first NHI reminder of October 2026."""

from datetime import datetime

from oshirase.domain.calendar import JST

SEED = 20261002
SIZE = 20_000
# Instalment 4 fell due on Wednesday 30 September; two business days later is Friday 2 October.
KNOWN_AT = datetime(2026, 10, 2, 9, 0, tzinfo=JST)
OPENS_AT = datetime(2026, 10, 2, 9, 55, tzinfo=JST)
OCCURRENCE = datetime(2026, 10, 2, 10, 0, tzinfo=JST)

CAMPAIGN = "nhi_overdue"
RECONCILIATION = "reconcile_payments"
RECEIPTS = "collect_receipts"
UPKEEP = (RECONCILIATION, RECEIPTS)
INTAKE = "ingest_extracts"
DAGS = (CAMPAIGN, INTAKE, *UPKEEP)
