"""Supernets of DARTS's spaces in training: operations alone learn, and noise is the same for every mask."""

from __future__ import annotations

import torch

from harness import inputs, networks, spaces, training
from harness.spaces import without
from harness.training import Images, Length, Trained

SPACE = spaces.load("darts_s4")
INPUTS = range(28, 34)


def trained(method="darts"):
    supernet = networks.build_supernet(SPACE, "tiny", 0, 10)
    images = Images(inputs.load("digits").open(10, 32), 16, 8, 0, torch.device("cpu"))
    made = Trained(supernet, images, training.load(method), Length(1, 1), 0)
    training.fit(made)
    return made


def seeds(supernet):
    return [int(buffer) for name, buffer in supernet.named_buffers() if name.endswith("seed")]


def test_inputs_have_no_parameters_and_noise_is_drawn_anew_in_training_alone():
    made = trained()
    assert all((made.alphas[index] == 0).all() for index in INPUTS)
    assert all((made.alphas[index] != 0).all() for index in range(28))
    first, now = seeds(networks.build_supernet(SPACE, "tiny", 0, 10)), seeds(made.supernet)
    assert all(after > before for before, after in zip(first, now, strict=True))
    mask = without(SPACE.full_mask, 0, 1)
    accuracies = [made.accuracy(SPACE.full_mask), made.accuracy(mask)]
    made._accuracies.clear()
    assert [made.accuracy(SPACE.full_mask), made.accuracy(mask)] == accuracies
    assert seeds(made.supernet) == now
