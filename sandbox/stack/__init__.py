"""The whole environment as processes of its own, under one data folder: database, gateway, residents, Airflow."""

from sandbox.stack.airflow_api import AirflowApi
from sandbox.stack.errors import StackError
from sandbox.stack.ports import Ports
from sandbox.stack.running import Stack, running_stack

__all__ = ["AirflowApi", "Ports", "Stack", "StackError", "running_stack"]
