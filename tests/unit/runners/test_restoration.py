"""Searches over fits to a degraded image: their records, what is kept, and what reports show of them."""

from __future__ import annotations

import base64
import re
import shlex
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from PIL import Image

from harness import records, reports, restoration, spaces
from harness.cli._compose import composing, run_config
from harness.errors import ConfigError, DataError, HarnessError
from harness.reports.analysis.groups import collect
from harness.reports.findings.following import command
from harness.runners import execute
from harness.runs import _restorer

TINY = (
    "task=search", "space=nas_dip_2", "truth=restore", "truth.fidelity=tiny", "truth.image_size=16",
    "truth.iterations=12", "device=cpu",
)  # fmt: skip
GENETIC = (
    "searcher=genetic_algorithm",
    "searcher.population=3",
    "searcher.generations=2",
    "searcher.elite=1",
)
LABEL = "psnr_china_noise_tiny_16px_12iterations_adam0.01_seed0"


@cache
def composed(*overrides: str):
    with composing():
        return run_config([*TINY, *overrides])


def run(root, *overrides: str, **more):
    (outcome,) = execute(replace(composed(*overrides), results=str(root), **more))
    return outcome


def files(root) -> dict[str, bytes]:
    """Every file of records and figures but for how long they took."""
    found = [path for path in sorted(root.rglob("*.*")) if path.suffix in (".json", ".parquet")]
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in found
        if not path.name.endswith(".timing.json") and {"records", "truth"} & set(path.parts)
    }


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    root = tmp_path_factory.mktemp("restored")
    return root, records.read_record(run(root, *GENETIC).path)


@pytest.fixture
def no_fit(monkeypatch):
    def fails(*_, **__):
        raise AssertionError("something is fitted again")

    monkeypatch.setattr(_restorer, "fit", fails)


def test_the_record_has_every_fit_with_the_quality_that_the_search_was_not_told(done):
    _, record = done
    assert (record.run.label, record.run.method) == (LABEL, "genetic_algorithm")
    rows, statistics = record.rows, record.statistics
    assert rows["stage"].tolist() == ["fit"] * 5
    assert rows["step"].tolist() == [0, 0, 0, 1, 1]
    assert rows["arch"].iloc[rows["score"].argmax()] == statistics["arch"]
    assert np.isfinite(rows["accuracy"]).all()
    assert (statistics["networks"], statistics["evaluations"], statistics["table_queries"]) == (5, 5, 0)
    assert record.headline == f"PSNR {statistics['accuracy']:.3f} dB, rank unknown"


def test_what_was_found_stands_beside_the_classical_network_and_the_degraded_image(done):
    found = done[1].statistics["restoration"]
    truth = restoration.photograph("china", 16)
    images = {
        name: np.frombuffer(base64.b64decode(told["rgb"]), np.uint8).reshape(16, 16, 3) / 255
        for name, told in found["images"].items()
    }
    assert set(images) == {"truth", "degraded", "simple", "classical", "found"}
    assert np.array_equal(images["truth"], truth)
    for name in ("degraded", "simple", "classical", "found"):
        assert found[name]["psnr"] == pytest.approx(restoration.psnr(truth, images[name]), abs=0.05)
    assert done[1].statistics["accuracy"] == found["found"]["psnr"]
    assert found["found"]["oracle"] >= found["found"]["psnr"]
    assert found["found"]["held_out"] is None  # fitted once more, to all that is observed
    assert found["classical"]["params"] > 0


def test_a_run_that_was_killed_ends_with_the_same_bytes_with_any_number_of_workers(done, tmp_path):
    root, _ = done
    run(tmp_path, *GENETIC)
    first = files(root)
    assert files(tmp_path) == first
    for name in [name for name in first if name.startswith("records")] + [*first][-5::2]:
        (tmp_path / name).unlink()  # as it is when a kill comes between
    run(tmp_path, *GENETIC, workers=2)
    assert files(tmp_path) == first


def test_fits_are_shared_by_searches_and_repeated_by_none(done, no_fit):
    root, record = done
    assert run(root, *GENETIC).status == "skipped"
    again = records.read_record(run(root, *GENETIC, force=True).path)
    assert again.statistics == record.statistics
    random = records.read_record(run(root, "searcher=random_by_fit", "searcher.fits=3").path)
    assert random.rows["arch"].tolist() == record.rows["arch"].tolist()[:3]


def test_a_damaged_fit_is_told_and_stays(done, tmp_path):
    run(tmp_path, "searcher=random_by_fit", "searcher.fits=1")
    path = next(path for path in (tmp_path / "truth").rglob("*.json") if "timing" not in path.name)
    path.write_bytes(path.read_bytes().replace(b'"ssim"', b'"mssim"'))
    with pytest.raises(HarnessError, match="is damaged .*SHA-256"):
        run(tmp_path, "searcher=random_by_fit", "searcher.fits=1", force=True)


@pytest.mark.parametrize("degradation", ["missing", "downsampled"])
def test_every_degradation_is_searched_by_what_is_observed_too(degradation, tmp_path):
    asked = ("searcher=random_by_fit", "searcher.fits=2", "searcher.fitness=degraded")
    record = records.read_record(run(tmp_path, *asked, f"truth.degradation={degradation}").path)
    assert "held_out" not in record.run.settings
    assert len([p for p in (tmp_path / "truth").rglob("*.json") if "timing" not in p.name]) == 3
    found = record.statistics["restoration"]
    assert found["found"]["degraded"] == record.rows["score"].max()
    assert found["method"] == {"missing": "mean of 3x3", "downsampled": "bicubic"}[degradation]


def test_the_length_of_training_is_the_genomes(tmp_path):
    asked = ("searcher=random_by_fit", "searcher.fits=1", "space=nas_dip_3_t", "truth.iterations=32")
    record = records.read_record(run(tmp_path, *asked).path)
    space = spaces.load("nas_dip_3_t")
    share = space.training_share(space.parse(record.statistics["arch"]))
    assert record.statistics["restoration"]["found"]["oracle_iteration"] <= round(32 * share)


def test_a_proxy_is_compared_with_the_restorations_too(tmp_path):
    asked = ("task=arch_correlation", "proxy=params", "task.population=3", "fidelity=tiny", "batch_size=2")
    record = records.read_record(run(tmp_path, *asked).path)
    assert record.run.label == LABEL
    assert np.isfinite(record.rows["accuracy"]).all()


def test_an_own_image_is_restored(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (20, 24, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "my photo.png")
    asked = ("searcher=random_by_fit", "searcher.fits=1", f"truth.image='{tmp_path / 'my photo.png'}'")
    record = records.read_record(run(tmp_path, *asked).path)
    assert record.run.label.startswith("psnr_file-my-photo-png_noise_")
    assert record.run.settings["measured"]["image"] == "file my photo.png"


def test_the_page_shows_the_images_side_by_side_and_the_progress(done, tmp_path):
    root, record = done
    report = reports.build(root, tmp_path / "report", formats=())
    section = next(each for each in report.sections if each.task == "search")
    table = next(each for each in section.tables if each.title == "Restored: de-noising, sigma 25")
    cells = {row.cells[0].text: [cell.text for cell in row.cells[1:]] for row in table.rows}
    found = record.statistics["restoration"]
    assert cells["simple method"][0] == f"{found['simple']['psnr']:.2f}"
    assert cells["classical deep image prior"][2] == f"{found['classical']['oracle']:.2f}"
    assert cells["genetic_algorithm"][:2] == [
        f"{found['found']['psnr']:.2f}",
        f"{found['found']['ssim']:.3f}",
    ]
    page = report.paths["page"].read_text(encoding="utf-8")
    assert page.count('src="data:image/png;base64,') == len(section.galleries[0].pictures)
    assert f"<br>{found['classical']['psnr']:.2f} dB, SSIM" in page
    assert "danielbuechele" in page
    chart = next(chart for chart in section.charts if chart.name.startswith("progress-"))
    by_generation = chart.panels[0].series
    assert by_generation[0].y[-1] == record.rows["score"].max()
    assert by_generation[2].y[-1] == record.rows["accuracy"].iloc[record.rows["score"].argmax()]
    text = report.paths["markdown"].read_text(encoding="utf-8")
    assert f"The classical deep image prior reaches {found['classical']['psnr']:.2f} dB" in text


def test_an_image_that_is_none_is_told(done):
    from harness.errors import ResultsError
    from harness.reports.model import Picture
    from harness.reports.render.pictures import data_address

    told = done[1].statistics["restoration"]["images"]["truth"]
    with pytest.raises(ResultsError, match="no image where it says 'true image'"):
        data_address(Picture("true image", "", {**told, "height": 17}))


def test_a_report_names_the_command_that_repeats_it(done):
    root, record = done
    group = next(group for group in collect(root) if group.method == "genetic_algorithm")
    told = command(group, [0])
    with composing():
        config = run_config([part for part in shlex.split(told)[2:] if not part.startswith("-")])
    (outcome,) = execute(replace(config, results=str(root), dry_run=True))
    assert outcome.status == "skipped"
    assert re.search(r"[0-9a-f]{16}", outcome.path.name)[0] == record.run.identity


def test_an_estimate_counts_the_fits(tmp_path):
    outcome = run(tmp_path, *GENETIC, dry_run=True)
    assert outcome.headline.startswith("6 fits of ")


REFUSED = [
    (["truth.degradation=blur"], "Unknown truth.degradation 'blur'. Allowed: downsampled, missing, noise"),
    (["truth.image=chine"], "Unknown truth.image 'chine'. Did you mean 'china'"),
    (["truth.image=/"], "truth.image is one image, and / is a folder"),
    (["truth.epochs=3"], "Unknown setting 'truth.epochs'"),
    (["truth.iterations=0"], "truth.iterations must be a positive integer; received 0"),
    (["searcher=genetic_algorithm", "searcher.held_out=1.5"], "must be a number above 0 and below 1"),
    (["searcher=random_by_fit", "searcher.fitness=psnr"], "Unknown searcher.fitness 'psnr'. Allowed: degr"),
    (["label=x"], "truth=restore measures a label of its own, .*: leave label out; received label=x"),
    (["searcher=zero_cost_pt"], "makes decisions of the kinds .* and nas_dip_2 has some of the kinds bit"),
]


@pytest.mark.parametrize(("overrides", "sentence"), REFUSED)
def test_what_cannot_be_is_refused_before_anything_runs(overrides, sentence):
    with pytest.raises(HarnessError, match=sentence):
        composed("searcher=random_by_fit", *overrides)


UNFIT = [
    (["space=nb201"], ConfigError, "those of nb201 classify images; take a space of such networks"),
    (["searcher.elite=3"], ConfigError, "searcher.elite must be below searcher.population=3"),
    (["truth=table"], ConfigError, "name how with truth=restore; received truth=table"),
    (["truth.image_size=18"], ConfigError, "multiple of 4 from 16 to 512; received 18"),
    (["truth.fidelity=small"], ConfigError, "it needs 32 pixels a side; received truth.image_size=16"),
    (["truth.image=/etc/passwd"], DataError, "/etc/passwd cannot be read as an image"),
]


@pytest.mark.parametrize(("overrides", "kind", "sentence"), UNFIT)
def test_what_does_not_fit_is_told_before_a_fit(overrides, kind, sentence, tmp_path, no_fit):
    own = [each for each in TINY if not any(each.startswith(o.partition("=")[0] + "=") for o in overrides)]
    if "truth=table" in overrides:
        own = [each for each in own if not each.startswith("truth.")]
    with composing():
        config = run_config([*own, *GENETIC, *overrides])
    with pytest.raises(kind, match=sentence):
        execute(replace(config, results=str(tmp_path)))
