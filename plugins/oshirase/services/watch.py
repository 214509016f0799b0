"""What one look at everything has at hand: the rules of `alert_rules` ask it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import NoReturn

from sqlalchemy import Engine

from oshirase.adapters.settings import campaign_names, load_city
from oshirase.domain.campaign import Alerts, Campaign, City
from oshirase.domain.gateway import GatewayError
from oshirase.errors import BadSettings, MissingSetting, OshiraseError
from oshirase.services.heartbeat import Heartbeat, list_heartbeats
from oshirase.services.missed import PastOccurrence, list_past
from oshirase.services.settings_check import SettingsCheck, check_settings

# A call to the gateway of a connection; None: it answered.
Probe = Callable[[str], GatewayError | MissingSetting | None]
# DAG files that cannot be read, by name, each with the kind of error.
ReadDags = Callable[[], Mapping[str, str]]


class CannotTell(OshiraseError):
    """From here it cannot be judged: what is known of it stays as it is."""


def cannot_probe(conn_id: str) -> NoReturn:
    """For whoever has no connection to any gateway."""
    raise CannotTell(f"no account for the gateway {conn_id} at hand")


def cannot_read_dags() -> NoReturn:
    """For whoever is not Airflow."""
    raise CannotTell("only Airflow reads DAGs")


@dataclass
class Watched:
    """The ledger and the settings at one moment, and what only some who look can ask."""

    engine: Engine
    now: datetime
    probe: Probe = cannot_probe
    read_dags: ReadDags = cannot_read_dags
    settings: SettingsCheck = field(default_factory=check_settings)

    @property
    def campaigns(self) -> Sequence[Campaign]:
        """Those whose settings can be read."""
        return self.settings.campaigns

    @property
    def unreadable(self) -> list[str]:
        """Those whose settings cannot."""
        return sorted({*campaign_names()} - {campaign.name for campaign in self.campaigns})

    @cached_property
    def city(self) -> City:
        """The city's settings.

        Raises:
            CannotTell: they are wrong, which is an alert of its own.
        """
        try:
            return load_city()
        except BadSettings:
            raise CannotTell("the city's settings cannot be read") from None

    @property
    def limits(self) -> Alerts:
        """From when on something is an alert."""
        return self.city.alerts

    @cached_property
    def past(self) -> Sequence[PastOccurrence]:
        """Every occurrence whose time has come."""
        return list_past(self.engine, self.campaigns, self.city, self.now, counts_handed_over=False)

    @cached_property
    def heartbeats(self) -> Mapping[str, Heartbeat]:
        """Of every upkeep DAG that ever ran."""
        return list_heartbeats(self.engine)

    def title(self, campaign: str) -> str:
        """What staff call a campaign."""
        return next((one.title for one in self.campaigns if one.name == campaign), campaign)
