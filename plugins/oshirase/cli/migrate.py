"""`oshirase migrate`."""

from typing import Annotated

import typer

from oshirase.adapters.database import create_records_engine, database_url
from oshirase.adapters.database import migrate as migrate_schema
from oshirase.adapters.service_login import SETTING, make_service_login, service_password

ServiceUser = Annotated[
    str | None,
    typer.Option(metavar="NAME", help=f"Also make the database user that services sign in as; password in {SETTING}."),
]


def migrate(service_user: ServiceUser = None) -> None:
    """Bring the schema of the records database up to date; does nothing when it is."""
    password = service_password() if service_user else ""
    url = database_url()
    owner = create_records_engine(url)
    revision = migrate_schema(owner)
    if service_user:
        make_service_login(owner, service_user, password)
    print(f"the records database at {url.render_as_string(hide_password=True)} is at schema {revision}")
