"""The short form of the fault campaign (`make faults` is the long one): one system, some rounds, the same each time."""

from __future__ import annotations

import asyncio
import os

import pytest

from tests.fault.campaign.brokers import KillBroker
from tests.fault.campaign.fault import Fault
from tests.fault.campaign.hotlists import CutAtRow
from tests.fault.campaign.kills import KillWorker
from tests.fault.campaign.poison import Poison
from tests.fault.campaign.run import Campaign, campaign
from tests.fault.campaign.senders import TwiceAndLate

SEED = int(os.environ.get("WATCHFLOOR_TEST_SEED", "7"))
FAULTS: tuple[type[Fault], ...] = (KillWorker, KillBroker, Poison, TwiceAndLate, CutAtRow)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    """Each fault once, on one system with Apache Kafka."""
    evidence = tmp_path_factory.mktemp("faults")
    return asyncio.run(
        campaign(
            FAULTS, rounds=len(FAULTS), seed=SEED, brokers=1, rate=100.0, evidence=evidence, pairs=False, ledger=False
        )
    )


@pytest.mark.timeout(600)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_after_each_harm_all_that_was_accepted_is_stored_once_and_every_due_alert_raised_once(
    done: Campaign, fault: type[Fault]
) -> None:
    rounds = [one for one in done.rounds if one.faults == [fault.name]]
    assert [(one.failure, one.lost, one.alerts_missing, one.doubled, one.unexpected) for one in rounds] == [
        ("", 0, 0, 0, 0)
    ]
    assert rounds[0].accepted > 0


def test_the_sums_of_a_whole_campaign_agree_that_nothing_is_missing(done: Campaign) -> None:
    assert done.failures == []
    assert done.stored == done.accepted > 500
    assert done.raised == done.due > 50
