"""Redaction in Airflow: importing this installs it, which Airflow does by the entry point `airflow.policy`.

Every process of Airflow does so before it sets up its logs: scheduler, API server, DAG processor, triggerer, worker,
task, `airflow` itself. What a task logs or prints comes to its log file through the supervisor, what a DAG file
prints through the DAG processor, and all of them write by the renderers that `structlog_processors` makes. There is no
setting for it (docs/adr/0011); a version of Airflow without that function does not start with us, rather than log
what it must not.
"""

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any

from airflow._shared.logging import structlog as of_components
from airflow.sdk._shared.logging import structlog as of_tasks

from oshirase.adapters.redaction import install_redaction, redactor

Event = dict[str, Any]
Render = Callable[[Any, str, Event], str | bytes]


def redact_task_logs() -> None:
    """Have everything that Airflow renders redacted: lines of components, and the JSON of task logs."""
    for module in (of_components, of_tasks):
        _redact_renderers(module)


def _redact_renderers(module: ModuleType) -> None:
    processors_of = module.structlog_processors

    @wraps(processors_of)
    def structlog_processors(json_output: bool, *arguments: Any, **options: Any) -> tuple[list[Any], Render, Render]:
        before, for_stdlib, for_structlog = processors_of(json_output, *arguments, **options)
        redacting = _redacting_json if json_output else _redacting_text
        return before, redacting(for_stdlib), redacting(for_structlog)

    # Airflow clears it when a task sets up its logs.
    structlog_processors.cache_clear = processors_of.cache_clear  # type: ignore[attr-defined]
    module.structlog_processors = structlog_processors  # type: ignore[attr-defined]


def _redacting_json(render: Render) -> Render:
    """The event's values are redacted: in the JSON itself a number would be replaced by what is no JSON."""

    def redacting(logger: Any, method: str, event: Event) -> str | bytes:
        return render(logger, method, redactor().redact_value(event))

    return redacting


def _redacting_text(render: Render) -> Render:
    """The line is redacted, into which the renderer has written a traceback too."""

    def redacting(logger: Any, method: str, event: Event) -> str | bytes:
        return redactor().redact(str(render(logger, method, event)))

    return redacting


install_redaction()
redact_task_logs()
