"""The whole environment as processes of its own, under one data folder: database, gateway, residents, Airflow."""

from sandbox.stack.airflow_api import AirflowApi
from sandbox.stack.errors import StackError
from sandbox.stack.ports import Ports
from sandbox.stack.running import Others, Stack, running_stack
from sandbox.stack.workers import Workers

__all__ = ["AirflowApi", "Others", "Ports", "Stack", "StackError", "Workers", "running_stack"]
