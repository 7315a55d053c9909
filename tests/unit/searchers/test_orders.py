"""Orders of decisions and the released variant, on five decisions whose drops are written by hand."""

from __future__ import annotations

import pytest

from harness import searchers
from harness.errors import ConfigError, HarnessError
from harness.scorers import Score
from harness.searchers import Proxy
from harness.searchers._orders import ORDERS
from harness.spaces import Decision, Population, Space

PAIR = ("x", "y")
DECISIONS = (
    Decision("a", PAIR),
    Decision("b", PAIR),
    Decision("c", PAIR),
    Decision("i", PAIR, 1, "input"),
    Decision("j", ("x", "y", "z"), 2, "input"),
)
A, B, C, I, J = range(5)  # noqa: E741
# Best a > c > b, j > i; mean c > a > b, i > j.
WORTH = ((0.0, 10.0), (1.0, 3.0), (9.0, 8.0), (5.0, 6.0), (7.0, 1.0, 2.0))
PICKS = ((1,), (1,), (0,), (1,), (0, 2))


class ToySpace(Space):
    name = "toy"
    decisions = DECISIONS

    def __init__(self, family):
        self.family = family

    def format(self, arch):
        return " ".join("".join(map(str, picks)) for picks in arch)

    canonical = format

    def parse_text(self, text):
        return tuple(tuple(map(int, part)) for part in text.split())


class Toy:
    """The sum of what is left, so that a drop is the candidate's worth; ``worth(mask, batch)`` may change."""

    def __init__(self, worth=lambda mask, batch: WORTH, failing=lambda mask, batch: False, family="nb201"):
        self.worth, self.failing = worth, failing
        self.space = ToySpace(family)
        self.asked = []

    def score_supernet(self, masks, batch):
        self.asked.extend((batch, mask) for mask in masks)
        return [self.score(mask, batch) for mask in masks]

    def score(self, mask, batch):
        if self.failing(mask, batch):
            return Score(None, "nan", "the kernel is singular")
        rows = zip(self.worth(mask, batch), mask, strict=True)
        return Score(sum(w for row, kept in rows for w, keep in zip(row, kept, strict=True) if keep))

    def search(self, order, variant="paper", proposals=1, seed=0):
        score_network = lambda arch, step: Score(float(sum(map(sum, arch))))  # noqa: E731
        handed = Proxy(
            population=Population(self.space),
            seed=seed,
            parameters=None,
            score_supernet=self.score_supernet,
            score_network=score_network,
        )
        settings = {"proposals": proposals, "validation_batches": 1, "order": order, "variant": variant}
        return searchers.load("zero_cost_pt").search(handed, settings)


def made(found, index=0, stage="proposal"):
    """The decisions as they were made, and the batch each was made on."""
    rows = [r for r in found.trace if r["stage"] == stage and r["index"] == index and "decision" in r]
    return list(dict.fromkeys((row["decision"], row["step"]) for row in rows))


def removed_from(mask, decision):
    """Whether ``mask`` lacks something at ``decision``, and is whole elsewhere."""
    return [d for d, row in enumerate(mask) if not all(row)] == [decision]


SEQUENCES = {
    "fixed": [("a", 0), ("b", 1), ("c", 2), ("i", 3), ("j", 4)],
    "reverse": [("c", 0), ("b", 1), ("a", 2), ("j", 3), ("i", 4)],
    "global_op_iter": [("a", 0), ("c", 1), ("b", 2), ("j", 3), ("i", 4)],
    "global_op_once": [("a", 1), ("c", 2), ("b", 3), ("j", 5), ("i", 6)],
    "global_edge_iter": [("c", 1), ("a", 3), ("b", 5), ("i", 7), ("j", 9)],
    "global_edge_once": [("c", 1), ("a", 2), ("b", 3), ("i", 5), ("j", 6)],
}
MASKS = {  # a decision of n candidates takes n
    "random": 4 * 2 + 3,
    "fixed": 4 * 2 + 3,
    "reverse": 4 * 2 + 3,
    "global_op_iter": (6 + 4 + 2) + (5 + 2),
    "global_op_once": (6 + 6) + (5 + 5),
    "global_edge_iter": (6 + 2) + (4 + 2) + (2 + 2) + (5 + 2) + (3 + 3),
    "global_edge_once": (6 + 6) + (5 + 5),
}
BATCHES = {name: 5 for name in ORDERS} | {"global_op_once": 7, "global_edge_iter": 10, "global_edge_once": 7}


def test_every_order_is_tested_here():
    assert set(ORDERS) == {"random", *SEQUENCES} == set(MASKS)


@pytest.mark.parametrize("order", SEQUENCES)
def test_decisions_are_made_in_order_each_on_its_batch(order):
    found = Toy().search(order)
    assert made(found) == SEQUENCES[order]
    assert found.arch == PICKS


@pytest.mark.parametrize("order", ORDERS)
def test_masks_asked_for_and_batches_used(order):
    toy = Toy()
    toy.search(order, proposals=3)
    assert len(toy.asked) == 3 * MASKS[order]
    assert list(dict.fromkeys(batch for batch, _ in toy.asked)) == list(range(3 * BATCHES[order]))


@pytest.mark.parametrize("order", ORDERS)
def test_every_score_is_recorded_once(order):
    """The scores of one batch are the candidates' worths but for a number they share."""
    found = Toy().search(order)
    rows = [row for row in found.trace if "decision" in row]
    assert len({(row["step"], row["decision"], row["candidate"]) for row in rows}) == len(rows)
    assert len(rows) == MASKS[order]
    worth = {d.name: dict(zip(d.candidates, w, strict=True)) for d, w in zip(DECISIONS, WORTH, strict=True)}
    shared = {}
    for row in rows:
        assert row["stage"] in ("proposal", "ranking")
        assert (row["status"], row["reason"]) == ("ok", "")
        beyond = row["score"] - worth[row["decision"]][row["candidate"]]
        assert shared.setdefault(row["step"], beyond) == pytest.approx(beyond)
    made_from = {(row["step"], row["decision"]) for row in rows if row["stage"] == "proposal"}
    assert sorted(decision for _, decision in made_from) == ["a", "b", "c", "i", "j"]


def test_a_random_order_holds_every_decision_and_is_drawn_per_proposal_and_seed():
    found = Toy().search("random", proposals=8)
    sequences = [[name for name, _ in made(found, index)] for index in range(8)]
    for sequence in sequences:
        assert set(sequence[:3]) == {"a", "b", "c"}
        assert set(sequence[3:]) == {"i", "j"}
    assert len(set(map(tuple, sequences))) > 3
    other = Toy().search("random", proposals=8, seed=1)
    assert [[name for name, _ in made(other, index)] for index in range(8)] != sequences


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("variant", searchers.VARIANTS)
def test_the_same_search_leaves_the_same_trace(order, variant):
    first, second = (Toy(family="nbmacro").search(order, variant, proposals=3) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("order", ORDERS)
def test_a_decision_is_judged_given_all_that_is_decided(order):
    toy = Toy()
    found = toy.search(order)
    names = [decision.name for decision in DECISIONS]
    picks: dict[int, tuple[int, ...]] = {}
    for name, batch in made(found):
        for mask in [mask for asked, mask in toy.asked if asked == batch]:
            assert all(toy.space.arch_of(mask)[d] == made_before for d, made_before in picks.items())
        picks[names.index(name)] = PICKS[names.index(name)]


@pytest.mark.parametrize(
    ("order", "sequence"),
    [
        ("global_op_iter", "a b c"),
        ("global_op_once", "a c b"),
        ("global_edge_iter", "c b a"),
        ("global_edge_once", "c a b"),
    ],
)
def test_iterated_orders_rank_again_and_others_do_not(order, sequence):
    """From batch 1 on ``b`` is worth most."""
    toy = Toy(lambda mask, batch: (WORTH[A], (4.0, 20.0), *WORTH[C:]) if batch else WORTH)
    assert [name for name, _ in made(toy.search(order))][:3] == sequence.split()


@pytest.mark.parametrize(
    ("order", "pick"), [("global_op_iter", 0), ("global_op_once", 1), ("global_edge_once", 1), ("fixed", 0)]
)
def test_what_decides_is_the_decisions_own_batch(order, pick):
    """On batch 0 ``a`` prefers its other candidate."""
    toy = Toy(lambda mask, batch: ((10.0, 0.0), *WORTH[1:]) if batch == 0 else WORTH)
    assert toy.search(order).arch[A] == (pick,)


def test_ties_go_to_the_lower_index():
    equal = Toy(lambda mask, batch: tuple(tuple(1.0 for _ in row) for row in WORTH))
    for order in ("global_op_iter", "global_op_once", "global_edge_iter", "global_edge_once"):
        found = equal.search(order)
        assert [name for name, _ in made(found)] == ["a", "b", "c", "i", "j"]
        assert found.arch == ((0,), (0,), (0,), (0,), (0, 1))


@pytest.mark.parametrize("order", ["global_op_once", "global_edge_once"])
def test_a_decision_without_scores_ranks_last_and_is_scored_again(order):
    toy = Toy(failing=lambda mask, batch: batch == 0 and removed_from(mask, A))
    found = toy.search(order)
    assert [name for name, _ in made(found)][:3] == ["c", "b", "a"]
    assert found.arch == PICKS
    failed = [row for row in found.trace if row.get("decision") == "a" and row["stage"] == "ranking"]
    assert [(row["score"], row["status"]) for row in failed] == [(None, "nan")] * 2


def test_a_mean_is_taken_over_the_candidates_that_have_a_score():
    """Without its lower score the mean of ``a`` is 10, above 8.5 of ``c``."""
    toy = Toy(failing=lambda mask, batch: batch == 0 and mask[A] == (False, True))
    assert made(toy.search("global_edge_once"))[0] == ("a", 1)


@pytest.mark.parametrize("order", ORDERS)
def test_a_decision_that_cannot_be_made_says_why(order):
    toy = Toy(failing=lambda mask, batch: sum(mask[J]) == 2)
    with pytest.raises(
        HarnessError, match="needs 2 scored candidates and 0 of 3 have a score: the kernel is"
    ):
        toy.search(order)


@pytest.mark.parametrize("family", ["nb201", "nbmacro", "nb1shot1"])
@pytest.mark.parametrize("order", ["global_op_once", "global_edge_once"])
def test_the_released_once_orders_are_the_reverse_order(order, family):
    released = Toy(family=family).search(order, "as_released", proposals=2)
    assert released == Toy(family=family).search("reverse", "as_released", proposals=2)
    assert made(released) == SEQUENCES["reverse"]


@pytest.mark.parametrize("order", ["fixed", "reverse", "random", "global_op_iter", "global_edge_iter"])
def test_other_released_orders_are_the_papers(order):
    paper, released = (Toy().search(order, variant) for variant in searchers.VARIANTS)
    assert paper == released


WRITTEN = {
    # a, b and c pick 1, 1 and 0; they stand where they were made.
    "fixed": ((1,), (1,), (0,)),
    "reverse": ((0,), (1,), (1,)),
    "global_op_iter": ((1,), (0,), (1,)),
    "global_edge_iter": ((0,), (1,), (1,)),
    "global_op_once": ((0,), (1,), (1,)),
}


@pytest.mark.parametrize("family", ["nbmacro", "nb1shot1"])
@pytest.mark.parametrize("order", WRITTEN)
def test_the_released_code_writes_operations_in_the_order_of_their_making(order, family):
    found = Toy(family=family).search(order, "as_released")
    assert found.arch == (*WRITTEN[order], *PICKS[I:]), "inputs stay where they are"
    (row,) = [row for row in found.trace if "arch" in row]
    assert row["arch"] == ToySpace(family).format(found.arch)
    assert Toy(family=family).search(order).arch == PICKS


def test_a_random_released_proposal_is_the_permutation_of_its_trace():
    found = Toy(family="nbmacro").search("random", "as_released", proposals=6)
    written = [row["arch"].split() for row in found.trace if row["stage"] == "proposal" and "arch" in row]
    picks = dict(zip("abcij", ("1", "1", "0", "1", "02"), strict=True))
    for index, parts in enumerate(written):
        order = [name for name, _ in made(found, index)]
        assert parts == [*(picks[name] for name in order[:3]), picks["i"], picks["j"]]
    assert len(set(map(tuple, written))) > 1


def test_spaces_without_released_code_refuse_the_variant():
    toy = Toy(family="theirs")
    with pytest.raises(
        ConfigError, match="of the families .*nb1shot1, nb201, .*; received toy of the family theirs: use"
    ):
        toy.search("random", "as_released")
    assert not toy.asked
    assert toy.search("random").arch == PICKS
