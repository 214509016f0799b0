"""When a task that asks somebody may be answered.

Airflow 3.3.2 fails a task that is answered before its scheduler has heard that the process which asked has ended; an
executor may hear of that seconds later. The scheduler's log says when it has.
"""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

HEARD = "Received executor event with state success for task instance"


class Try(NamedTuple):
    """One try of a task that asks; a mapped one asks nobody here."""

    dag_id: str
    task_id: str
    run_id: str
    try_number: int

    def __str__(self) -> str:
        """As the scheduler's log writes it."""
        return ", ".join(f"{name}={value!r}" for name, value in self._asdict().items()) + ","


@dataclass
class Settling:
    """Reads the scheduler's log; shared by all who answer, so that it knows how often a try has asked."""

    scheduler_log: Path
    _answers: Counter[Try] = field(default_factory=Counter)

    def note_answer(self, task: Try) -> None:
        """After an answer the task may ask again: from a new process, whose end will be told too."""
        self._answers[task] += 1

    def is_over(self, task: Try) -> bool:
        """Whether the scheduler has heard of the end of as many processes as have asked."""
        with self.scheduler_log.open(encoding="utf-8", errors="replace") as log:
            return sum(HEARD in line and str(task) in line for line in log) > self._answers[task]
