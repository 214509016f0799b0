"""Which faults are set, and which calls and messages they strike: the state behind `fault_answers` and `fault_views`.

A rule strikes the `next` N times, or with the chance `share`, or, with neither, every time. Chance is a keyed hash of
the seed, never a random number: the same seed and the same calls give the same faults.
"""

from collections import Counter, deque
from collections.abc import Hashable, Iterable, Mapping
from hashlib import blake2b
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sandbox.gateway.contract import ContractError

CREATE, LIST, GET, CANCEL = "create", "list", "get", "cancel"
ANY = (CREATE, LIST, GET, CANCEL)


class Fault(NamedTuple):
    """The calls a fault can be set on, the first by default, and its usual `seconds`."""

    calls: tuple[str, ...] = ANY
    seconds: float = 0


ANSWERS: Mapping[str, Fault] = {
    "late": Fault(seconds=30),
    "slow": Fault(seconds=0.5),
    "500_before": Fault(),
    "500_after": Fault(),
    "401": Fault(),
    "403": Fault(),
    "429": Fault(),
    "503": Fault(),
    "reset_before": Fault(),
    "reset_after": Fault(),
    "unreadable_before": Fault(),
    "unreadable": Fault(),
    "truncated": Fault(),
    "cancel_refused": Fault((CANCEL,)),
    "cancel_unanswered": Fault((CANCEL,)),
}
# Of a page these strike the call; `late_receipts` and `contradictory` strike single messages, in lists and by id.
VIEWS: Mapping[str, Fault] = {
    "lag": Fault((LIST,), seconds=5),
    "duplicated": Fault((LIST,)),
    "reordered": Fault((LIST,)),
    "late_receipts": Fault((LIST,), seconds=60),
    "contradictory": Fault((LIST,)),
}
FAULTS: Mapping[str, Fault] = {**ANSWERS, **VIEWS}


class Rule(BaseModel):
    """One fault as it is asked for. `seconds` of delay, lag or lateness; `retry_after` in seconds, of 429 and 503.

    `by` says what chance depends on: the number of the call, or the message's first tag and how often it has come; that
    stays the same however many clients call at once. `clock` is the one `lag` goes by.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    fault: str
    call: str = ""
    next: Annotated[int, Field(ge=0)] | None = None
    share: Annotated[float, Field(ge=0, le=1)] | None = None
    by: Literal["call", "tag"] = "call"
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = -1
    retry_after: Annotated[int, Field(ge=0)] = 1
    clock: Literal["emulator", "real"] = "emulator"

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, given: Any) -> Any:
        fault = FAULTS.get(str(given.get("fault"))) if isinstance(given, dict) else None
        return given if fault is None else {"call": fault.calls[0], "seconds": fault.seconds, **given}

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.fault not in FAULTS:
            raise ValueError(f"there is no fault {self.fault}; there are {', '.join(FAULTS)}")
        if self.call not in FAULTS[self.fault].calls:
            raise ValueError(f"{self.fault} can be set on {', '.join(FAULTS[self.fault].calls)} only")
        if self.next is not None and self.share is not None:
            raise ValueError("a rule has next or share, not both")
        return self


class FaultPlan(BaseModel):
    """All the rules that hold at once; of those for answers the first that strikes a call is the one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int | str = 0
    rules: tuple[Rule, ...] = ()


class SetRule:
    """A rule with what it has seen and done."""

    def __init__(self, rule: Rule, seed: int | str, number: int) -> None:
        self.rule = rule
        self.seen = 0
        self.fired = 0
        self._left = rule.next
        self._key = blake2b(f"{seed} {number} {rule.fault}".encode()).digest()
        self._came: Counter[Hashable] = Counter()
        self._struck: dict[str, bool] = {}
        # Of a contradictory message: when it was first seen with a result, in epoch seconds.
        self.first_seen: dict[str, int] = {}
        # (monotonic seconds, seq) of the messages accepted since a `lag` by the real clock was set.
        self.accepted: deque[tuple[float, int]] = deque()

    def strikes_call(self, tag: str | None) -> bool:
        """Decide for one call; `tag` is the first tag of its message, if it is known."""
        self.seen += 1
        if self.rule.by == "tag" and tag is not None:
            self._came[tag] += 1
            return self._decide(f"{tag} {self._came[tag]}")
        return self._decide(str(self.seen))

    def strikes_message(self, message_id: str, tag: str) -> bool:
        """Decide for one message, the same way each time it is asked for."""
        if message_id not in self._struck:
            self.seen += 1
            self._struck[message_id] = self._decide(tag)
        return self._struck[message_id]

    def draw(self, key: str) -> float:
        """Return a number from 0 up to 1 that depends on the seed, this rule and `key` only."""
        return int.from_bytes(blake2b(key.encode(), digest_size=6, key=self._key).digest()) / 2**48

    def describe(self) -> dict[str, Any]:
        """Return the rule as it was set, how often it was asked and how often it fired."""
        return {**self.rule.model_dump(exclude_none=True), "seen": self.seen, "fired": self.fired}

    def _decide(self, key: str) -> bool:
        if self._left is not None:
            strikes = self._left > 0
            self._left -= strikes
        else:
            strikes = self.rule.share is None or self.draw(key) < self.rule.share
        self.fired += strikes
        return strikes


class Faults:
    """The faults that are set. May be set from another thread: what is set is replaced whole."""

    def __init__(self, plan: FaultPlan | None = None) -> None:
        self.set(plan or FaultPlan())

    def set(self, plan: FaultPlan) -> None:
        """Replace what was set, counts included."""
        rules = [SetRule(rule, plan.seed, number) for number, rule in enumerate(plan.rules)]
        self.seed = plan.seed
        self._rules = rules
        self.answers = {call: _of(rules, ANSWERS, call) for call in ANY}
        self.views = _of(rules, VIEWS, LIST)

    def clear(self) -> None:
        """Set no fault."""
        self.set(FaultPlan())

    def describe(self) -> dict[str, Any]:
        """Return the rules with their counts, and how often each fault fired."""
        fired: Counter[str] = Counter()
        for rule in self._rules:
            fired[rule.rule.fault] += rule.fired
        return {
            "object": "faults",
            "seed": self.seed,
            "rules": [rule.describe() for rule in self._rules],
            "fired": fired,
        }


def read_plan(text: str | bytes) -> FaultPlan:
    """Read JSON as `POST /emulator/faults` takes it. Raises ContractError(`validation_error`), field by field."""
    try:
        return FaultPlan.model_validate_json(text)
    except ValidationError as error:
        raise ContractError("validation_error", _explain(error)) from None


def _explain(error: ValidationError) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    for fault in error.errors():
        errors.setdefault(".".join(map(str, fault["loc"])) or "body", []).append(fault["msg"])
    return errors


def _of(rules: Iterable[SetRule], faults: Mapping[str, Fault], call: str) -> tuple[SetRule, ...]:
    return tuple(rule for rule in rules if rule.rule.fault in faults and rule.rule.call == call)
