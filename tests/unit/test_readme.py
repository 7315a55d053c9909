"""What the README shows is run: its Python as it stands, its `python -m harness` lines with dry_run=true."""

from __future__ import annotations

import re
import shlex

import pytest

from harness import folders, inputs, networks, proxies, spaces
from harness.cli import run
from harness.proxies import plain

TEXT = (folders.ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
PYTHON = [code for kind, code in BLOCKS if kind == "python"]
LINES = [
    line
    for kind, code in BLOCKS
    if not kind
    for line in code.replace("\\\n", " ").splitlines()
    if line.startswith("python -m harness ")
]


def test_the_readme_shows_both():
    assert len(PYTHON) == 3
    assert len(LINES) >= 12


def test_the_example_of_a_proxy_scores_as_the_proxy_does(monkeypatch):
    made = {}
    exec(compile(PYTHON[0], "README.md", "exec"), made)
    assert made["ABOUT"].formula == plain.ABOUT.formula
    space = spaces.load("nb201")
    network = networks.build(space, space.listing()[-1], "tiny", seed=0)
    batch = inputs.load("noise").open(classes=10, image_size=32).batch(seed=0, step=0, size=4)
    ours = proxies.measure(network, batch, ["plain"], seed=0)["plain"]
    monkeypatch.setattr(plain, "score", made["score"])
    shown = proxies.measure(network, batch, ["plain"], seed=0)["plain"]
    assert (shown.status, shown.value) == ("ok", pytest.approx(ours.value, rel=1e-5))  # ours sums in double


def test_the_example_of_a_notebook(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(folders, "RESULTS", tmp_path)
    made = {}
    exec(compile(PYTHON[1], "README.md", "exec"), made)
    assert made["record"].run.settings["queries"] == 20
    assert set(made["frame"]["path"]) == {made["record"].path}
    found, rank, tau, _ = capsys.readouterr().out.split()
    assert float(found) == made["record"].statistics["accuracy"]
    assert int(rank) >= 1
    assert float(tau) == pytest.approx(2 / 3)


def test_the_example_in_python_prints_what_it_says(capsys):
    exec(compile(PYTHON[2], "README.md", "exec"), {})
    measured, accuracy = capsys.readouterr().out.strip().splitlines()
    assert "nwot" in measured
    assert "synflow" in measured
    assert f"# {float(accuracy):.2f}\n" in PYTHON[2]


MANY = ("glob(*)", "darts_pt", "hydra/launcher", "seed=0,1,2,3")
"""Lines that plan many runs, or estimate how long a training takes."""


@pytest.mark.parametrize(
    "line",
    [pytest.param(line, marks=[pytest.mark.slow] * any(each in line for each in MANY)) for line in LINES],
)
def test_every_command_line_can_be_run(line, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr("sys.argv", [])
    arguments = shlex.split(line, comments=True)[3:]
    if any("FOLDER" in each for each in arguments):
        pytest.skip("it needs a folder of CIFAR-10's files")
    shown = "--cfg" in arguments
    more = [f"results={tmp_path}", *([] if shown else ["dry_run=true"])]
    code = run.main([*arguments, *more])
    out, err = capfd.readouterr()
    assert code == 0, err
    assert shown or out.count("planned: ") == len(out.splitlines())
    assert not list(tmp_path.rglob("*.json"))
