"""Where the sandbox's story begins: the ward, and the first NHI reminder of October 2026."""

from datetime import datetime

from oshirase.adapters.settings import campaign_names
from oshirase.domain.calendar import JST

SEED = 20261002
SIZE = 20_000
# The records have been loaded since the morning of 29 September: a run that was missed on that day has a cohort.
KNOWN_FIRST_AT = datetime(2026, 9, 29, 8, 0, tzinfo=JST)
# Instalment 4 fell due on Wednesday 30 September; two business days later is Friday 2 October.
KNOWN_AT = datetime(2026, 10, 2, 9, 0, tzinfo=JST)
OPENS_AT = datetime(2026, 10, 2, 9, 55, tzinfo=JST)
OCCURRENCE = datetime(2026, 10, 2, 10, 0, tzinfo=JST)

RECONCILIATION = "reconcile_payments"
RECEIPTS = "collect_receipts"
UPKEEP = (RECONCILIATION, RECEIPTS)
INTAKE = "ingest_extracts"
DAGS = (*campaign_names(), INTAKE, *UPKEEP)
