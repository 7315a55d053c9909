"""Proposals in the DARTS spaces as the released code makes them, against a plain loop with its words."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
import torch
from torch import nn

from harness import networks, searchers, spaces
from harness.cli._compose import composing, run_config
from harness.errors import ConfigError
from harness.inputs import noise
from harness.records import read_record
from harness.runners import execute
from harness.scorers import Score
from harness.searchers import Proxy
from harness.seeding import derive, generator
from harness.spaces import Population

SPACE = spaces.load("darts_s5")
CELLS = ("normal", "reduce")
EDGES, NODES = range(14), {3: [2, 3, 4], 4: [5, 6, 7, 8], 5: [9, 10, 11, 12, 13]}
"""Of a cell, with the edges of every node that has more than two."""


def weights_of(space, mask):
    """By cell which operations of every edge have a weight: none where the edge's node does not take it."""
    weights = {cell: [list(row) for row in mask[14 * place :][:14]] for place, cell in enumerate(CELLS)}
    for place, row in enumerate(mask[28:]):
        edges = list(NODES.values())[place % 3]
        for edge, taken in zip(edges, row, strict=True):
            if not taken:
                weights[CELLS[place // 3]][edge] = [False] * len(space.decisions[edge].candidates)
    return weights


class Released:
    """``pt_project`` of sota/cnn/init_projection.py, with a score function and orders that are handed in."""

    def __init__(self, score, space, drawn, order):
        self.score, self.order, self.drawn = score, order, drawn
        self.ops = [len(decision.candidates) for decision in space.decisions[:14]]
        self.weights = weights_of(space, space.full_mask)
        self.chosen = {cell: {} for cell in CELLS}
        self.kept = {cell: {} for cell in CELLS}

    def scored(self, cell, change, batch):
        weights = {each: [list(row) for row in rows] for each, rows in self.weights.items()}
        change(weights[cell])
        return self.score(weights, batch)

    def project_op(self, cell, batch):
        open_edges = [edge for edge in EDGES if edge not in self.chosen[cell]]
        eid = {"random": self.drawn[cell, "op"].pop, "reverse": lambda _: open_edges[-1]}.get(
            self.order, lambda _: open_edges[0]
        )(0)
        lowest = best = None
        for opid in range(self.ops[eid]):
            crit = self.scored(cell, lambda rows, op=opid: rows[eid].__setitem__(op, False), batch)
            if lowest is None or crit < lowest:
                lowest, best = crit, opid
        self.chosen[cell][eid] = best
        self.weights[cell][eid] = [op == best for op in range(self.ops[eid])]

    def project_edge(self, cell, batch):
        open_nodes = [node for node in NODES if node not in self.kept[cell]]
        nid = open_nodes[-1] if self.order == "reverse" else self.drawn[cell, "node"].pop(0)
        eids = list(NODES[nid])
        while len(eids) > 2:
            highest = to_delete = None
            for eid in eids:
                crit = self.scored(
                    cell, lambda rows, e=eid: rows.__setitem__(e, [False] * len(rows[e])), batch
                )
                if highest is None or not crit < highest:
                    highest, to_delete = crit, eid
            eids.remove(to_delete)
        for eid in NODES[nid]:
            if eid not in eids:
                self.weights[cell][eid] = [False] * len(self.weights[cell][eid])
        self.kept[cell][nid] = eids

    def project(self, first_batch):
        for batch in range(17):
            for cell in CELLS:
                (self.project_op if batch < 14 else self.project_edge)(cell, first_batch + batch)
        pairs = {
            cell: [(2, 0), (2, 1)] + [(node, eid) for node, eids in self.kept[cell].items() for eid in eids]
            for cell in CELLS
        }
        return {
            cell: sorted((eid, self.chosen[cell][eid]) for _, eid in edges) for cell, edges in pairs.items()
        }


def drawn_by(seed, index):
    """The orders that a proposal draws, as edges and nodes of each cell."""
    order = generator(seed, "order", index).permutation(34).tolist()
    found = {}
    for place, cell in enumerate(CELLS):
        found[cell, "op"] = [d - 14 * place for d in order if d // 14 == place and d < 28]
        found[cell, "node"] = [d - 28 - 3 * place + 3 for d in order if d >= 28 and (d - 28) // 3 == place]
    return found


def toy(levels):
    """Scores of few ``levels``, so that many are equal."""

    def score(weights, batch):
        text = f"{batch} {[[list(map(bool, row)) for row in weights[cell]] for cell in CELLS]}"
        return float(zlib.crc32(text.encode()) % levels)

    return score


def search(score, order, variant="as_released", proposals=1, seed=0, space=SPACE):
    asked = []

    def score_supernet(masks, batch):
        asked.extend((batch, mask) for mask in masks)
        return [Score(score(weights_of(space, mask), batch)) for mask in masks]

    tools = Proxy(
        population=Population(space),
        seed=seed,
        parameters=None,
        score_supernet=score_supernet,
        score_network=lambda arch, step: Score(0.0),
    )
    settings = {"proposals": proposals, "validation_batches": 1, "order": order, "variant": variant}
    return searchers.load("zero_cost_pt").search(tools, settings), asked


def edges_of(space, arch):
    """By cell the edges that are kept, and the operation on each."""
    return {
        cell: [
            (edge, arch[14 * place + edge][0])
            for edge in EDGES
            if edge < 2
            or any(
                edge in [eids[pick] for pick in arch[28 + 3 * place + node]]
                for node, eids in enumerate(NODES.values())
            )
        ]
        for place, cell in enumerate(CELLS)
    }


@pytest.mark.parametrize("order", ["random", "fixed", "reverse", "global_edge_iter", "global_op_once"])
@pytest.mark.parametrize("levels", [3, 2**32])
def test_proposals_are_those_of_the_plain_loop(order, levels):
    for seed in range(4):
        found, asked = search(toy(levels), order, seed=seed)
        theirs = Released(toy(levels), SPACE, drawn_by(seed, 0), order).project(first_batch=0)
        assert edges_of(SPACE, found.arch) == theirs
        assert {batch for batch, _ in asked} == set(range(17))
        assert len(asked) == 2 * (14 * 7 + 3 + 4 + 5)


def test_a_batch_serves_both_cells_and_proposals_have_their_own():
    found, asked = search(toy(2**32), "random", proposals=3)
    assert {batch for batch, _ in asked} == set(range(3 * 17))
    rows = [
        row for row in found.trace if row["stage"] == "proposal" and row["index"] == 1 and "decision" in row
    ]
    made = list(dict.fromkeys((row["step"], row["decision"].partition("_")[0]) for row in rows))
    assert made == [(step, cell) for step in range(17) for cell in CELLS]


def test_the_paper_takes_a_batch_for_every_decision():
    _, asked = search(toy(2**32), "random", variant="paper")
    assert {batch for batch, _ in asked} == set(range(34))


def test_the_order_in_which_the_released_code_fails_is_refused_before_anything_runs():
    sentence = "has no order=global_op_iter in the DARTS spaces.*variant=paper"
    with pytest.raises(ConfigError, match=sentence):
        search(toy(2), "global_op_iter")
    asked = ["task=search", "searcher=zero_cost_pt", "space=darts_s5", "variant=as_released"]
    with composing(), pytest.raises(ConfigError, match=sentence):
        run_config([*asked, "searcher.order=global_op_iter"])


def hooked_score(view, images):
    """NASWOT as ``Jocab_Score`` has it: hooks on every module whose type name holds "ReLU"."""
    total = np.zeros((len(images), len(images)))

    def count(module, inputs, output):
        nonlocal total
        x = (inputs[0].reshape(len(images), -1) > 0).double().numpy()
        total = total + x @ x.T + (1 - x) @ (1 - x).T

    hooks = [
        part.register_forward_hook(count)
        for part in view.eval().modules()
        if isinstance(part, nn.Module) and "ReLU" in str(type(part))
    ]
    with torch.no_grad():
        view(images)
    for hook in hooks:
        hook.remove()
    return np.linalg.slogdet(total)[1]


@pytest.mark.slow
def test_a_run_as_released_makes_the_plain_loops_proposal(tmp_path):
    """Everything together on the smallest supernet: masking, counting, batches, orders, inputs."""
    supernet, source = networks.build_supernet(SPACE, "tiny", seed=3), noise.open(10, 32)

    def score(weights, batch):
        rows = [tuple(map(bool, row)) if any(row) else (True,) * 7 for cell in CELLS for row in weights[cell]]
        inputs = [tuple(any(weights[cell][e]) for e in edges) for cell in CELLS for edges in NODES.values()]
        view = supernet.masked((*rows, *inputs))
        return hooked_score(view, source.batch(derive(3, "proposal"), batch, 6).images)

    theirs = Released(score, SPACE, drawn_by(3, 0), "random").project(first_batch=0)
    asked = [
        "task=search",
        "searcher.proposals=1",
        "variant=as_released",
        "proxy=nwot_eval",
        "space=darts_s5",
    ]
    asked += ["proxy=nwot_eval", "fidelity=tiny", "batch_size=6", "input=noise", "seed=3"]
    with composing():
        (outcome,) = execute(run_config([*asked, f"results={tmp_path}"]))
    record = read_record(outcome.path)
    (arch,) = [text for text in record.rows["arch"] if isinstance(text, str)]
    assert edges_of(SPACE, SPACE.parse(arch)) == theirs
    assert (record.run.settings["masking"], record.run.settings["counting"]) == ("drop", "as_released")
