"""Training with checkpoints: whatever happens on the way, it ends with the same bytes."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch

from harness import files, folders
from harness.errors import DataError, HarnessError, ResultsError
from harness.training import _checkpoint, estimated_seconds, fit
from tests.unit.training.toy import Interrupted, everything, same, stopping_at, toy

EPOCHS, STEPS = 3, 4
WHAT = {"space": "toy", "seed": 0, "training": {"name": "darts", "epochs": EPOCHS}}
METHODS = ("darts", "darts_second_order", "fixed_alphas", "single_paths")


def fresh(method: str = "darts"):
    made = toy(method, EPOCHS)
    assert made.images.steps == STEPS
    return made


def fitted(path: Path | None = None, method: str = "darts"):
    trained = fresh(method)
    fit(trained, path, WHAT)
    return trained


def refuse(*arguments: object) -> None:
    raise AssertionError("something was trained")


@pytest.fixture(scope="module", params=METHODS)
def uninterrupted(request, tmp_path_factory):
    """A way to train, what it comes to, and its checkpoint's bytes."""
    path = tmp_path_factory.mktemp("whole") / "whole.pt"
    trained = fitted(path, request.param)
    return request.param, trained, path.read_bytes()


@pytest.fixture
def finished(tmp_path):
    """The path of a finished checkpoint."""
    path = tmp_path / "finished.pt"
    fitted(path)
    return path


def assert_equal_ends(trained, path: Path, uninterrupted) -> None:
    _, expected, data = uninterrupted
    assert same(everything(trained), everything(expected))
    assert trained.curve == expected.curve
    assert path.read_bytes() == data


@pytest.mark.parametrize("step", [1, 2, STEPS, STEPS + 1, 2 * STEPS - 1, 2 * STEPS + 1, EPOCHS * STEPS])
def test_interrupted_in_any_step_training_ends_the_same(uninterrupted, step, tmp_path):
    """In the middle of an epoch, in its last step and in the first step behind a checkpoint."""
    method, path = uninterrupted[0], tmp_path / "a.pt"
    with pytest.raises(Interrupted):
        fit(fresh(method), path, WHAT, stopping_at(step))
    assert path.exists() == (step > STEPS)
    trained = fresh(method)
    seen = []
    fit(trained, path, WHAT, lambda words, done, total: seen.append((words, done, total)))
    first = (step - 1) // STEPS * STEPS + 1
    assert seen == [("supernet training", done, EPOCHS * STEPS) for done in range(first, EPOCHS * STEPS + 1)]
    assert_equal_ends(trained, path, uninterrupted)


def test_interrupted_after_every_epoch_training_ends_the_same(uninterrupted, tmp_path, monkeypatch):
    method, path = uninterrupted[0], tmp_path / "a.pt"
    write = _checkpoint.write

    def write_and_stop(*arguments: object) -> None:
        write(*arguments)
        raise Interrupted

    with monkeypatch.context() as patch:
        patch.setattr(_checkpoint, "write", write_and_stop)
        for _ in range(EPOCHS):
            with pytest.raises(Interrupted):
                fit(fresh(method), path, WHAT)
    trained = fresh(method)
    monkeypatch.setattr(trained, "step", refuse)
    fit(trained, path, WHAT, refuse)
    assert_equal_ends(trained, path, uninterrupted)


def test_interrupted_while_a_checkpoint_is_written_the_last_one_is_left(uninterrupted, tmp_path, monkeypatch):
    method, path = uninterrupted[0], tmp_path / "a.pt"
    with pytest.raises(Interrupted):
        fit(fresh(method), path, WHAT, stopping_at(STEPS + 1))
    before = path.read_bytes()

    def full(number: int) -> None:
        raise OSError(28, "the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "fsync", full)
        with pytest.raises(ResultsError, match="the disk is full"):
            fit(fresh(method), path, WHAT)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    trained = fresh(method)
    fit(trained, path, WHAT)
    assert_equal_ends(trained, path, uninterrupted)


def child(program: str, *arguments: object, **settings: object) -> subprocess.Popen:
    """A Python process that runs ``program`` in the clone."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(folders.CONF.parent)}
    return subprocess.Popen(command, env=environment, cwd=folders.CONF.parent, text=True, **settings)


KILLED = """
import json, os, signal, sys
from pathlib import Path
from harness.training import fit
from tests.unit.training.toy import toy

def progress(words, done, total):
    if done == 7:
        os.kill(os.getpid(), signal.SIGKILL)

path = Path(sys.argv[1])
fit(toy("darts", 3), path, json.loads(sys.argv[2]), progress)
"""


def test_killed_in_the_middle_of_an_epoch_training_ends_the_same(finished, tmp_path):
    path = tmp_path / "killed.pt"
    assert child(KILLED, path, json.dumps(WHAT)).wait(120) == -signal.SIGKILL
    assert path.read_bytes() != finished.read_bytes()
    trained, expected = fresh(), fresh()
    fit(trained, path, WHAT)
    fit(expected, finished, WHAT)
    assert same(everything(trained), everything(expected))
    assert trained.curve == expected.curve
    assert path.read_bytes() == finished.read_bytes()


def test_the_curve_has_a_row_per_epoch_and_the_rate_falls_along_a_cosine(finished):
    trained = fresh()
    fit(trained, finished, WHAT)
    dummy = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 0.025)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(dummy, EPOCHS, eta_min=0.001)
    for epoch, row in enumerate(trained.curve):
        assert row["rate"] == pytest.approx(dummy.param_groups[0]["lr"], rel=1e-12)
        assert set(row) == {"epoch", "rate", "train_loss", "train_accuracy", "valid_accuracy"}
        assert row["epoch"] == epoch
        dummy.step()
        schedule.step()
    assert len(trained.curve) == EPOCHS
    assert trained.curve[-1]["valid_accuracy"] == trained.accuracy(trained.mask)
    json.dumps(trained.curve)


def test_the_rate_in_the_curve_is_the_one_of_the_steps(monkeypatch):
    trained = fresh("fixed_alphas")
    step, rates = trained.step, []
    monkeypatch.setattr(
        trained,
        "step",
        lambda weights, *rest: rates.append(weights.param_groups[0]["lr"]) or step(weights, *rest),
    )
    fit(trained)
    assert rates == [row["rate"] for row in trained.curve for _ in range(STEPS)]


def test_a_finished_checkpoint_is_read_and_not_trained_again(finished, monkeypatch):
    expected, data, touched = fitted(), finished.read_bytes(), finished.stat().st_mtime_ns
    trained = fresh()
    trained.accuracy(trained.mask)
    monkeypatch.setattr(trained, "step", refuse)
    fit(trained, finished, WHAT, refuse)
    assert same(everything(trained), everything(expected))
    assert trained.curve == expected.curve
    assert trained.accuracy(trained.mask) == expected.curve[-1]["valid_accuracy"]
    assert (finished.read_bytes(), finished.stat().st_mtime_ns) == (data, touched)


def test_without_a_path_the_same_is_trained_and_nothing_is_written(finished, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    without = fitted()
    trained = fresh()
    fit(trained, finished, WHAT)
    assert same(everything(without), everything(trained))
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("method", METHODS)
def test_what_follows_training_does_not_depend_on_a_checkpoint(method, tmp_path):
    path = tmp_path / "a.pt"
    made, read = fitted(path, method), fresh(method)
    fit(read, path, WHAT)
    for trained in (made, read):
        trained.accuracy(trained.mask)
        assert trained.evaluations == 1, "accuracies of the curve are no scores"
        trained.fine_tune(trained.mask)
    assert same(everything(made), everything(read))


def test_a_loss_that_is_no_number_ends_training_without_a_checkpoint(tmp_path):
    trained = fresh()
    with torch.no_grad():
        trained.weights[-1][0] = torch.nan
    with pytest.raises(HarnessError, match="not a finite number in epoch 0"):
        fit(trained, tmp_path / "a.pt", WHAT)
    assert list(tmp_path.iterdir()) == []
    assert trained.curve == []


def assert_refused(path: Path, reason: str) -> None:
    before = path.read_bytes() if path.is_file() else None
    trained = fresh()
    with pytest.raises(DataError, match=reason) as caught:
        fit(trained, path, WHAT, refuse)
    assert str(caught.value).startswith(f"{path} ")
    assert str(caught.value).endswith("move it away and run again, which trains from the start.")
    assert path.read_bytes() == before if before is not None else path.is_dir()


def test_a_flipped_bit_is_found_in_every_byte(finished, tmp_path):
    path = tmp_path / "small.pt"
    _checkpoint.write(path, WHAT, {"number": torch.ones(1)})
    data = path.read_bytes()
    assert _checkpoint.read(path, WHAT) == {"number": torch.ones(1)}
    for place in range(len(data)):
        damaged = bytearray(data)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        with pytest.raises(DataError, match="cannot be read as a checkpoint|is damaged"):
            _checkpoint.read(path, WHAT)
    damaged = bytearray(finished.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    finished.write_bytes(damaged)
    assert_refused(finished, "is damaged")


@pytest.mark.parametrize("left", [0, 1, 20, 21, 60, 85, 86, 100, 200, -1])
def test_a_truncated_file_is_found(finished, left):
    finished.write_bytes(finished.read_bytes()[:left])
    assert_refused(finished, "cannot be read as a checkpoint|is damaged")


def test_what_is_no_checkpoint_is_told(tmp_path):
    (tmp_path / "folder").mkdir()
    assert_refused(tmp_path / "folder", "cannot be read as a checkpoint")
    for name, data in {"text": b"some\ntext\nof\nfour lines", "torch": pickle.dumps({})}.items():
        (tmp_path / name).write_bytes(data)
        assert_refused(tmp_path / name, "cannot be read as a checkpoint|is damaged")


class Executing:
    """Unpickled as Python objects are, it makes a file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (str(self.marker),)


def forged(data: bytes) -> bytes:
    """A checkpoint with ``data`` for its content and a right digest."""
    head = json.dumps(WHAT, sort_keys=True).encode()
    digest = hashlib.sha256(head + b"\n" + data).hexdigest().encode()
    return b"harness checkpoint 1\n" + digest + b"\n" + head + b"\n" + data


def saved(content: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("form", [pickle.dumps, saved])
def test_nothing_in_a_checkpoint_is_executed(form, tmp_path):
    path, marker = tmp_path / "forged.pt", tmp_path / "executed"
    data = form({"supernet": Executing(marker)})
    path.write_bytes(forged(data))
    assert_refused(path, "cannot be read as a checkpoint")
    assert not marker.exists()
    torch.load(io.BytesIO(data), weights_only=False) if form is saved else pickle.loads(data)
    assert marker.exists(), "a content that executes nothing tests nothing"


def test_an_archive_that_is_compressed_is_not_unpacked(finished, monkeypatch):
    content = io.BytesIO(finished.read_bytes().split(b"\n", 3)[3])
    packed = io.BytesIO()
    with zipfile.ZipFile(content) as archive, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as other:
        for part in archive.infolist():
            other.writestr(part.filename, archive.read(part))
    read = []
    monkeypatch.setattr(torch, "load", lambda *_, **__: read.append(1))
    finished.write_bytes(forged(packed.getvalue()))
    assert_refused(finished, "cannot be read as a checkpoint")
    assert read == []


def test_a_right_digest_of_something_else_is_no_checkpoint(finished, tmp_path):
    head, data = finished.read_bytes().split(b"\n", 3)[2:]
    content = torch.load(io.BytesIO(data), weights_only=True)
    finished.write_bytes(forged(saved(content)))
    fit(fresh(), finished, WHAT, refuse)
    assert head == json.dumps(WHAT, sort_keys=True).encode()
    less = {name: value for name, value in content["supernet"].items() if "head" not in name}
    wrong = [
        b"no archive",
        saved([1, 2]),
        saved({}),
        saved({**content, "supernet": less}),
        saved({**content, "alphas": content["alphas"][:1]}),
        saved({**content, "optimisers": [content["optimisers"][0], None]}),
        saved({**content, "optimisers": content["optimisers"][::-1]}),
        saved({**content, "curve": [{"epoch": 0}]}),
        saved({**content, "curve": "{"}),
    ]
    for number, each in enumerate(wrong):
        path = tmp_path / f"{number}.pt"
        path.write_bytes(forged(each))
        assert_refused(path, "cannot be read as a checkpoint|does not fit the supernet")


def test_swapped_checkpoints_are_told_apart(tmp_path):
    one, two = tmp_path / "one.pt", tmp_path / "two.pt"
    others = {**WHAT, "seed": 1}
    fit(fresh(), one, WHAT)
    fit(toy("darts", EPOCHS, seed=1), two, others)
    data = one.read_bytes(), two.read_bytes()
    one.write_bytes(data[1])
    two.write_bytes(data[0])
    assert_refused(one, "holds another supernet than its name says")
    with pytest.raises(DataError, match="holds another supernet"):
        fit(toy("darts", EPOCHS, seed=1), two, others)


def test_the_time_is_told_by_steps_accuracies_and_tunings(monkeypatch):
    from harness.training import _fit

    now = iter(range(1000))
    monkeypatch.setattr(_fit, "perf_counter", lambda: next(now))
    trained = toy("darts", 5, 2)
    # A step takes 1 s here, and so does a batch of an accuracy: 5 + 3 * 2 epochs of 4 steps, 5 accuracies in
    # training, and 7.
    batches = trained.images.count("valid") / trained.images.batch_size
    assert estimated_seconds(trained, accuracies=7, tunings=3) == 11 * 4 + 12 * batches
    trained = toy("darts", 5, 2, batch_size=32)
    assert trained.images.steps == 1
    assert estimated_seconds(trained) == 5 + 5 * trained.images.count("valid") / 32
