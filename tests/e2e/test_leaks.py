"""Tasks that say in every way whom they are about, everything at DEBUG, in real Airflow: no log and no table tells."""

from sqlalchemy import text

from tests.e2e.logs import log_files, who_tells
from tests.e2e.rehearsal import Rehearsal
from tests.e2e.settings import LEAKY

FULL_WIDTH = str.maketrans("0123456789-", "０１２３４５６７８９－")
ENDED = {"success", "failed"}
# What the tasks' own words, the libraries' and the tracebacks' are recognised by.
TOLD = (
    "printed [redacted]", "written [redacted]", "of a child process [redacted]", "warned of", "logged [redacted]",
    "structured", "insert into records.contact", "violates", "send: b", "HTTPError", "KeyError", "while rendering for",
)  # fmt: skip
ONE_PERSON = "select resident_id, phone_e164 from records.contact where phone_e164 is not null limit 1"


def test_whatever_a_task_says_no_log_tells_whom(rehearsal: Rehearsal) -> None:
    rehearsal.create_debtors(1)
    rehearsal.clerk.unpause(LEAKY.stem)
    run = rehearsal.clerk.trigger(LEAKY.stem)
    states = {}

    def has_ended() -> bool:
        states.update(rehearsal.clerk.task_states(LEAKY.stem, run))
        return bool(states) and set(states.values()) <= ENDED

    rehearsal.wait(has_ended, "the end of the tasks that tell")
    assert states.pop("say") == "success"
    assert set(states.values()) == {"failed"}

    logs = {str(path): path.read_text(errors="replace") for path in log_files(rehearsal.stack)}
    told = "\n".join(log for path, log in logs.items() if f"dag_id={LEAKY.stem}" in path)
    assert [words for words in TOLD if words not in told] == []
    # The city searches again when it ends, and Airflow's tables too.
    assert who_tells(rehearsal.owner, logs) == []


def test_the_search_finds_a_number_in_any_form(rehearsal: Rehearsal) -> None:
    rehearsal.create_debtors(1)
    with rehearsal.owner.connect() as connection:
        resident, phone = connection.execute(text(ONE_PERSON)).one()
    domestic = f"0{phone[3:5]}-{phone[5:9]}-{phone[9:]}"
    forms = (resident, phone, phone[1:], phone[3:], domestic, domestic.translate(FULL_WIDTH), f"nhi/2026/4/{resident}")
    texts = {form: f"said at 10:15 of {form}." for form in forms}
    assert who_tells(rehearsal.owner, {**texts, "nobody": "said of 9876543210 and 1234567"}) == list(texts)
