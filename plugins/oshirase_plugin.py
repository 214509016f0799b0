"""What Oshirase adds to Airflow."""

from typing import ClassVar

from airflow.plugins_manager import AirflowPlugin

from oshirase.orchestration.pages import EXTERNAL_VIEWS, FASTAPI_APP
from oshirase.orchestration.timetables import CampaignTimetable


class OshirasePlugin(AirflowPlugin):
    """Registers the timetable of the campaigns and the pages of ours."""

    name = "oshirase"
    timetables: ClassVar = [CampaignTimetable]
    fastapi_apps: ClassVar = [FASTAPI_APP]
    external_views: ClassVar = EXTERNAL_VIEWS
