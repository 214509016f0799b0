"""`oshirase migrate`."""

from oshirase.adapters.database import create_records_engine, database_url
from oshirase.adapters.database import migrate as migrate_schema


def migrate() -> None:
    """Bring the schema of the records database up to date; does nothing when it is."""
    url = database_url()
    revision = migrate_schema(create_records_engine(url))
    print(f"the records database at {url.render_as_string(hide_password=True)} is at schema {revision}")
