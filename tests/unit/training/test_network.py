"""A network trained from scratch: by the formula, from checkpoints, and what its figure is."""

from __future__ import annotations

from math import cos, isnan, pi

import pytest
import torch
from torch.nn import functional as F

from harness.errors import DataError
from harness.networks import Conv2d, Network, classifier, conv_bn_relu
from harness.networks._weights import draw
from harness.training import Images, fit_network, network_seconds
from tests.unit.training.toy import CHANNELS, CLASSES, CPU, toy_images

EPOCHS, RATE = 3, 0.1


def network(seed: int = 0) -> Network:
    body = [Conv2d(4, 4, 3, padding=1), torch.nn.BatchNorm2d(4)]
    return draw(Network(conv_bn_relu(CHANNELS, 4, 3), body, classifier(4, CLASSES)), "pytorch", seed).train()


@pytest.fixture(scope="module")
def images() -> Images:
    return Images(toy_images(), 64, 8, 0, CPU)


def state(trained: Network) -> list[torch.Tensor]:
    return [value.clone() for value in trained.state_dict().values()]


def test_it_is_sgd_along_a_cosine(images):
    trained, plain = network(), network()
    course = fit_network(trained, images, EPOCHS, RATE)
    velocities = [torch.zeros_like(weight) for weight in plain.parameters()]
    steps = EPOCHS * images.steps
    for epoch in range(EPOCHS):
        for step, batch in enumerate(images.shuffled("train", "network", epoch)):
            rate = RATE * (1 + cos(pi * (epoch * images.steps + step) / steps)) / 2
            loss = F.cross_entropy(plain(batch.images), batch.targets)
            slopes = torch.autograd.grad(loss, list(plain.parameters()))
            norm = torch.sqrt(sum((slope**2).sum() for slope in slopes))
            shrunk = min(1.0, 5.0 / (float(norm) + 1e-6))
            with torch.no_grad():
                for weight, slope, velocity in zip(plain.parameters(), slopes, velocities, strict=True):
                    velocity.mul_(0.9).add_(shrunk * slope + 3e-4 * weight)
                    weight.sub_(rate * velocity)
    for one, other in zip(trained.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
    assert [row["epoch"] for row in course.curve] == [0, 1, 2]
    assert course.curve[-1]["loss"] < course.curve[0]["loss"]


def test_its_figure_is_that_of_the_other_half_in_evaluation_mode(images):
    trained = network()
    course = fit_network(trained, images, 1, RATE)
    assert all(part.training for part in trained.modules())
    trained.eval()
    right = [int((trained(each.images).argmax(1) == each.targets).sum()) for each in images.in_order("valid")]
    assert course.accuracy == 100 * sum(right) / 32


@pytest.mark.parametrize("after", range(1, EPOCHS))
def test_it_goes_on_from_a_checkpoint_to_the_same_bytes(images, tmp_path, after):
    whole = network()
    uninterrupted = fit_network(whole, images, EPOCHS, RATE)
    ticks = []

    def dies():
        ticks.append(1)
        if len(ticks) == after * images.steps + 2:
            raise KeyboardInterrupt

    path, described, origin = tmp_path / "a.pt", {"what": "toy"}, {"host": "here"}
    with pytest.raises(KeyboardInterrupt):
        fit_network(network(), images, EPOCHS, RATE, path, described, dies, origin)
    again, ticks = network(seed=9), []  # whose weights the checkpoint replaces
    course = fit_network(again, images, EPOCHS, RATE, path, described, lambda: ticks.append(1), origin)
    assert len(ticks) == (EPOCHS - after) * images.steps
    assert course.curve == uninterrupted.curve
    assert (course.accuracy, course.origins) == (uninterrupted.accuracy, [origin])
    for one, other in zip(state(again), state(whole), strict=True):
        assert torch.equal(one, other)


def test_a_checkpoint_of_another_training_is_refused(images, tmp_path):
    path = tmp_path / "a.pt"
    fit_network(network(), images, 1, RATE, path, {"what": "toy"})
    with pytest.raises(DataError, match="holds another training than its name says; move it away"):
        fit_network(network(), images, 1, RATE, path, {"what": "other"})
    larger = Network(conv_bn_relu(CHANNELS, 5, 3), [], classifier(5, CLASSES))
    with pytest.raises(DataError, match="does not fit the network; move it away"):
        fit_network(larger, images, 1, RATE, path, {"what": "toy"})
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DataError, match="is damaged"):
        fit_network(network(), images, 1, RATE, path, {"what": "toy"})


def test_a_loss_that_leaves_the_finite_numbers_has_no_figure(images):
    broken = network()
    with torch.no_grad():
        next(broken.parameters()).fill_(float("inf"))
    course = fit_network(broken, images, 2, RATE)
    assert isnan(course.accuracy)
    assert course.curve == []


def test_an_estimate_changes_no_weight(images):
    timed = network()
    before = [weight.clone() for weight in timed.parameters()]
    assert 0 < network_seconds(timed, images, 10) < 60
    assert all(map(torch.equal, before, timed.parameters()))
