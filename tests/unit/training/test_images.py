"""The images of a training: two halves, drawn with the seed; batches of crops."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
import torch

from harness.errors import ConfigError
from harness.inputs import LabelledImages, noise
from harness.training import Images, _images
from harness.training._images import cropped

CPU = torch.device("cpu")
HALVES = ("train", "valid")


class Numbered(LabelledImages):
    """Images 8 x 8 whose target is their number, and whose pixels are all different."""

    mirrored: ClassVar[bool] = False

    def _read(self, rows):
        pixels = torch.arange(3 * 64.0).reshape(1, 3, 8, 8) + 1
        return pixels + 1000 * torch.from_numpy(rows)[:, None, None, None], rows


class Mirrored(Numbered):
    mirrored = True


def numbered(count: int, kind: type[Numbered] = Numbered) -> Numbered:
    return kind("numbered", "digest", 10, 8, count)


def images(count: int = 50, taken: int | None = None, batch_size: int = 4, seed: int = 0) -> Images:
    return Images(numbered(count), taken, batch_size, seed, CPU)


def numbers(batches) -> list[int]:
    return [number for batch in batches for number in batch.targets.tolist()]


def halves(found: Images) -> list[list[int]]:
    return [numbers(found.in_order(half)) for half in HALVES]


@pytest.mark.parametrize(
    ("taken", "sizes"), [(None, (25, 25)), (50, (25, 25)), (99, (25, 25)), (31, (15, 16))]
)
def test_halves_are_disjoint_and_together_what_is_taken(taken, sizes):
    found = images(taken=taken)
    train, valid = halves(found)
    assert (len(train), len(valid)) == sizes == (found.count("train"), found.count("valid"))
    assert len({*train, *valid}) == sum(sizes)
    assert {*train, *valid} <= set(range(50))


def test_halves_depend_on_the_seed_alone():
    expected = halves(images())
    torch.rand(3)
    np.random.rand(3)
    assert halves(images()) == expected
    assert halves(images(batch_size=7)) == expected
    assert halves(images(seed=1)) != expected


def test_the_images_belong_to_their_targets(monkeypatch):
    """Also where the images are read in several parts."""
    whole = images()
    monkeypatch.setattr(_images, "READ_AT_ONCE", 7)
    for half in HALVES:
        for batch, again in zip(whole.in_order(half), images().in_order(half), strict=True):
            expected = numbered(50).read(batch.targets.numpy()).images
            assert torch.equal(batch.images, expected)
            assert torch.equal(again.images, expected)
            assert torch.equal(again.targets, batch.targets)


def test_in_order_shows_every_image_once_the_last_batch_may_be_smaller():
    found = images(batch_size=7)
    for half in HALVES:
        assert [len(batch.targets) for batch in found.in_order(half)] == [7, 7, 7, 4]
        assert numbers(found.in_order(half)) == numbers(found.in_order(half))
        assert len(set(numbers(found.in_order(half)))) == 25


def test_an_epoch_shows_no_image_twice():
    found = images(batch_size=7)
    assert found.steps == 3
    for half, of in zip(HALVES, halves(found), strict=True):
        batches = list(found.shuffled(half, "epoch", 0))
        assert [len(batch.targets) for batch in batches] == [7] * 3
        assert len(set(numbers(batches))) == 21
        assert set(numbers(batches)) <= set(of)
    whole = images(count=48)
    assert sorted(numbers(whole.shuffled("train", 0))) == sorted(halves(whole)[0])


def test_the_larger_half_has_no_more_steps():
    found = images(count=15, batch_size=4)
    assert (found.count("train"), found.count("valid"), found.steps) == (7, 8, 1)
    assert [len(list(found.shuffled(half, 0))) for half in HALVES] == [1, 1]


def test_an_epochs_draws_depend_on_its_names_alone():
    def drawn(found: Images, half: str, *names: object) -> list[torch.Tensor]:
        return [tensor for batch in found.shuffled(half, *names) for tensor in (batch.images, batch.targets)]

    def equal(one, other):
        return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))

    found = images()
    first, second = drawn(found, "train", "epoch", 0), drawn(found, "train", "epoch", 1)
    torch.rand(3)
    assert equal(drawn(images(), "train", "epoch", 1), second)
    assert equal(drawn(images(), "train", "epoch", 0), first)
    assert not equal(first, second)
    assert not equal(drawn(images(seed=1), "train", "epoch", 0), first)


@pytest.mark.parametrize("names", [("epoch", 0), ("epoch", 1), ("fine-tuning", 0)])
@pytest.mark.parametrize("half", HALVES)
def test_orders_and_crops_of_other_names_and_halves_are_others(half, names):
    """Places in the half, and where the margin shows in each."""
    found = images()

    def drawn(half: str, names: tuple[object, ...]) -> tuple[list[int], list[list[bool]]]:
        whole = numbers(found.in_order(half))
        shown = list(found.shuffled(half, *names))
        margins = [(image == 0).flatten().tolist() for batch in shown for image in batch.images]
        return [whole.index(number) for number in numbers(shown)], margins

    for other_half in HALVES:
        for other in (("epoch", 0), ("epoch", 1), ("fine-tuning", 0)):
            same = (other_half, other) == (half, names)
            for one, another in zip(drawn(half, names), drawn(other_half, other), strict=True):
                assert (one == another) == same
    margins = drawn(half, names)[1]
    assert margins[:4] != margins[4:8], "two steps share their draws"


def windows(image: torch.Tensor, margin: int) -> list[torch.Tensor]:
    """All windows of the image's size in the image with a margin of zeros."""
    channels, size, _ = image.shape
    padded = torch.zeros(channels, size + 2 * margin, size + 2 * margin)
    padded[:, margin : margin + size, margin : margin + size] = image
    places = range(2 * margin + 1)
    return [padded[:, top : top + size, left : left + size] for top in places for left in places]


def which(crop: torch.Tensor, candidates: list[torch.Tensor]) -> int:
    (found,) = [index for index, candidate in enumerate(candidates) if torch.equal(crop, candidate)]
    return found


@pytest.mark.parametrize("size", [8, 16])
@pytest.mark.parametrize("mirrored", [False, True])
def test_crops_are_windows_of_the_padded_image_and_mirror_images_where_they_may(size, mirrored):
    batch = torch.rand(400, 2, size, size, generator=torch.Generator().manual_seed(0)) + 0.1
    margin = size // 8
    places = (2 * margin + 1) ** 2
    found = []
    for image, crop in zip(batch, cropped(batch, torch.Generator().manual_seed(1), mirrored), strict=True):
        plain = windows(image, margin)
        found.append(which(crop, [*plain, *(window.flip(2) for window in plain)]))
    assert set(found) == set(range(places * (1 + mirrored)))
    if mirrored:
        assert sum(place >= places for place in found) == pytest.approx(200, abs=40)


@pytest.mark.parametrize("kind", [Numbered, Mirrored])
def test_the_source_says_whether_images_are_mirrored(kind):
    found = Images(numbered(64, kind), None, 8, 0, CPU)
    turned = 0
    for batch in found.shuffled("train", 0):
        for crop in batch.images:
            middle = crop[0, 4, 1:7]
            steps = middle.diff()
            assert steps.abs().eq(1).all()
            turned += bool((steps < 0).all())
    assert (turned > 0) == (kind is Mirrored)


def test_images_are_held_as_they_are_read():
    found = images()
    before = [batch.images.clone() for batch in found.in_order("train")]
    for epoch in range(3):
        for _ in found.shuffled("train", epoch):
            pass
    assert all(torch.equal(a, b.images) for a, b in zip(before, found.in_order("train"), strict=True))


def test_drawn_labels_are_uniform_kept_and_of_the_training_half_alone():
    drawn, plain = (Images(numbered(4000), None, 4, 0, CPU, each) for each in (True, False))
    labels, again = (numbers(drawn.in_order("train")) for _ in range(2))
    assert labels == again
    assert labels == numbers(Images(numbered(4000), None, 4, 0, CPU, True).in_order("train"))
    assert labels != numbers(Images(numbered(4000), None, 4, 1, CPU, True).in_order("train"))
    assert numbers(drawn.in_order("valid")) == numbers(plain.in_order("valid"))
    pairs = zip(drawn.in_order("train"), plain.in_order("train"), strict=True)
    assert all(torch.equal(one.images, other.images) for one, other in pairs)
    assert np.bincount(labels, minlength=10) == pytest.approx(200, abs=60)


def test_drawn_images_are_refused():
    message = "images that belong to their labels; input=noise draws .* Use input=digits, .* input=cifar10"
    with pytest.raises(ConfigError, match=message):
        Images(noise.open(10, 8), None, 4, 0, CPU)


@pytest.mark.parametrize(("count", "taken"), [(15, None), (50, 15)])
def test_a_half_without_a_whole_batch_is_refused(count, taken):
    with pytest.raises(ConfigError, match=r"7 images are fewer than a batch of 8; .*training\.batch_size"):
        images(count, taken, batch_size=8)
    assert images(16, batch_size=8).steps == 1
