"""A manual run with no logical date beside the scheduled one of the same occurrence, both sending at once."""

import pytest

from tests.e2e.rehearsal import Rehearsal

SLOW = {"fault": "slow", "seconds": 0.3}


@pytest.mark.campaign(batch_size=30)
def test_a_manual_run_beside_the_scheduled_one(rehearsal: Rehearsal) -> None:
    rehearsal.create_debtors(60)
    scheduled = rehearsal.begin()
    asked = rehearsal.question(scheduled)
    manual = rehearsal.clerk.trigger(rehearsal.name)
    also_asked = rehearsal.question(manual)
    assert also_asked.code == asked.code
    rehearsal.telephones.behave(SLOW)
    rehearsal.approve(asked)
    rehearsal.approve(also_asked)
    rehearsal.finish(scheduled)
    rehearsal.finish(manual)
    assert rehearsal.campaign_runs() == 1
    assert rehearsal.sent() == 60
    assert rehearsal.states() == {"accepted": 60}
