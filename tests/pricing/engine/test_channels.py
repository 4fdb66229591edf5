"""Channels about their product: simulated ones, and what must hold whatever the numbers."""

import numpy as np
import pytest

from pricing.engine.channels import shrink_within
from pricing.engine.demand import ELASTICITIES
from pricing.engine.evaluate_channels import Compared, compared
from pricing.engine.history import FloatArray
from pricing.engine.shrinkage import shrink
from pricing.engine.simulate import simulate_channels

SILENT = np.zeros((1, len(ELASTICITIES)))


def said(e: float, sd: float) -> FloatArray:
    return np.asarray(-0.5 * ((ELASTICITIES - e) / sd) ** 2)[None]


@pytest.fixture(scope="module")
def found() -> Compared:
    return compared(simulate_channels(80, seed=930, apart=0.5))


def test_simulated_channels_are_found_nearer_than_by_their_product_or_alone(found: Compared) -> None:
    assert found.error("channel") < 0.92 * found.error("whole")
    assert found.error("channel") < 0.92 * found.error("alone")
    assert 0.75 <= found.holds("channel") <= 0.85


def test_channels_move_their_product_and_each_other_and_no_more_than_they_know() -> None:
    sure, unsure = said(-4.0, 0.15), said(-1.5, 1.5)
    (product,), (one, two, three) = shrink_within(
        SILENT, ["K"], np.concatenate([sure, unsure, SILENT]), [0, 0, 0]
    )
    assert one.median == pytest.approx(-4.0, abs=0.1)
    assert -4.1 < two.median < -2.5
    assert product.median < -3.2
    assert (three.sd > product.sd, three.sd > two.sd > one.sd) == (True, True)
    # The order changes nothing.
    _, again = shrink_within(SILENT, ["K"], np.concatenate([SILENT, sure, unsure]), [0, 0, 0])
    assert [one.median for one in again] == pytest.approx([of.median for of in (three, one, two)])


def test_without_channels_it_is_as_it_was() -> None:
    rows = np.concatenate([said(-2.0, 0.3), SILENT])
    alone = shrink(rows, ["K", "K"])
    products, channels = shrink_within(rows, ["K", "K"], np.zeros((0, len(ELASTICITIES))), [])
    assert [one.median for one in products] == [one.median for one in alone]
    assert channels == []
