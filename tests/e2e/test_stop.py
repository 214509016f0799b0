"""One action on the run's page stops a send that is under way, and what was booked is cancelled within seconds."""

import re
import time

import pytest
import requests

from tests.e2e.rehearsal import PATIENCE_SECONDS, Rehearsal

SLOW = {"fault": "slow", "seconds": 0.5}
AT_MOST_SECONDS = 10


@pytest.mark.campaign(batch_size=200)
def test_one_action_stops_a_send_that_is_under_way(rehearsal: Rehearsal) -> None:
    rehearsal.create_debtors(150)
    rehearsal.clerk.unpause("reconcile_payments")
    run_id = rehearsal.begin()
    asked = rehearsal.question(run_id)
    rehearsal.telephones.behave(SLOW)
    rehearsal.approve(asked)
    browser, address = rehearsal.browser, rehearsal.clerk.address
    rehearsal.wait_until_sent(5)
    tab = {"dag_id": rehearsal.name, "dag_run_id": run_id}
    page = browser.get(f"{address}/oshirase/dag-run", params=tab, timeout=PATIENCE_SECONDS)
    (token,) = re.findall(r'name="form_token" value="(\w+)"', page.text)
    form = {"form_token": token, "reason": "文面に誤りがあるため"}
    assert requests.post(f"{page.url}/stop", data=form, timeout=PATIENCE_SECONDS).status_code == 401

    stopped_at = time.monotonic()
    answer = browser.post(f"{page.url}/stop", data=form, timeout=PATIENCE_SECONDS)
    assert "送信予約の取消しを始めています" in answer.text
    rehearsal.wait(lambda: "claimed" not in rehearsal.states(), "the end of all calls")
    assert time.monotonic() - stopped_at < AT_MOST_SECONDS
    sent = rehearsal.sent()
    rehearsal.wait(lambda: "accepted" not in rehearsal.states(), "the cancellation of all bookings")
    rehearsal.finish(run_id)
    assert rehearsal.states() == {"cancelled/stopped": sent, "expired/stopped": 150 - sent}
    assert rehearsal.sent() == sent
