"""Handing over with the whole ledger, beside bare `requests`: the same calls to the same emulator, as many at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID, uuid4

import requests
from requests.adapters import HTTPAdapter

from bench.measurement import Lap, Result, of_laps, timed
from bench.stage import Stage
from oshirase.adapters.gateways.karaden import TIMEOUT_SECONDS, KaradenGateway
from oshirase.adapters.pace import Pace
from oshirase.services.campaign_run import list_batches
from oshirase.services.delivery import Sender

AT_ONCE = 4
# Far above what one process can do: the pace is asked for every call, and never makes one wait.
UNLIMITED = 5_000.0


def measure_hand_over(stage: Stage, run: UUID, n: int, laps: int) -> list[Result]:
    """Time `laps` times `n` notices of an approved run, by turns with as many bare calls and with no pace asked."""
    batches = iter(list_batches(stage.engine, run))
    size = stage.campaign.sending.batch_size
    timings: dict[str, list[Lap]] = {"ours": [], "bare": [], "unpaced": []}
    warm_up(stage, run, next(batches))
    for _ in range(laps):
        for kind, is_paced in (("ours", True), ("unpaced", False)):
            share = [next(batches) for _ in range(n // size)]
            timings[kind].append(deliver(stage, run, share, is_paced=is_paced))
            if kind == "ours":
                timings["bare"].append(post_bare(stage, n))
    bare = of_laps(f"bare requests, {AT_ONCE} at once", n, timings["bare"])
    ours = of_laps("hand-over with the ledger", n, timings["ours"], peer=bare)
    return [bare, ours, of_laps("hand-over without asking the pace", n, timings["unpaced"], peer=ours)]


def notices_needed(stage: Stage, n: int, laps: int) -> int:
    """How many notices the run must have."""
    return 2 * laps * n + stage.campaign.sending.batch_size


def warm_up(stage: Stage, run: UUID, batch: int) -> None:
    """One batch and some bare calls that nobody counts: imports, plans, caches."""
    deliver(stage, run, [batch], is_paced=True)
    post_bare(stage, 100)


def deliver(stage: Stage, run: UUID, batches: list[int], *, is_paced: bool) -> Lap:
    """Hand some batches over, as the task of each would."""
    pace = Pace(stage.engine, "karaden", UNLIMITED if is_paced else 1e6, AT_ONCE)
    if not is_paced:
        pace.wait = lambda: None  # type: ignore[method-assign]
    gateway = KaradenGateway("karaden", stage.gateway.account, pace)
    sender = Sender(stage.engine, gateway, stage.city, "bench", stage.clock)
    with timed() as lap:
        for batch in batches:
            counts = sender.deliver_batch(run, batch)
            assert set(counts) == {"accepted"}, counts
    gateway.close()
    return lap


def post_bare(stage: Stage, n: int) -> Lap:
    """The same POSTs by one session of `requests` from as many threads; each answer is read, nothing is kept."""
    post = bare_post(stage)
    with timed() as lap, ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in pool.map(post, range(n)):
            pass
    return lap


def bare_post(stage: Stage) -> Callable[[int], str]:
    """One call as somebody would write it with `requests`, the same form as ours."""
    session = requests.Session()
    session.mount("http", HTTPAdapter(pool_maxsize=AT_ONCE))
    session.headers.update(stage.gateway.headers)
    run, body = str(uuid4()), "あ" * 110
    limited_at = (stage.clock() + timedelta(hours=6)).isoformat(timespec="seconds")
    scheduled_at = (stage.clock() + timedelta(hours=3)).isoformat(timespec="seconds")

    def post(number: int) -> str:
        form = [
            ("service_id", "1"),
            ("to", f"080{number:08d}"),
            ("body", body),
            ("tags[]", str(uuid4())),
            ("tags[]", run),
            ("is_shorten", "false"),
            ("limited_at", limited_at),
            ("scheduled_at", scheduled_at),
        ]
        answer = session.post(stage.gateway.messages_url, data=form, timeout=TIMEOUT_SECONDS, allow_redirects=False)
        answer.raise_for_status()
        return str(answer.json()["id"])

    return post
