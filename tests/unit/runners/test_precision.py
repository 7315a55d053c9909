"""The setting ``precision``: what it is allowed for, and when it is part of what a run is."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from harness import records
from harness.cli._compose import composing, run_config
from harness.errors import ConfigError, UnknownNameError
from harness.reports.analysis.origins import origin_of
from harness.runners import RunConfig, check, execute
from harness.runs.setup import prepare

LOW = ["path=fast", "precision=bfloat16"]


def config(root, *overrides: str) -> RunConfig:
    tiny = ["space=nbmacro", "fidelity=tiny", "batch_size=8", "device=cpu"]
    with composing():
        return run_config([*tiny, *overrides, f"results={root}"])


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["precision=bfloat16"], "received path=exact"),
        (["proxy=core", *LOW], "is for proxies that read signs alone"),
        (["proxy=az_nas", *LOW], "is for proxies that read signs alone"),
        (["task=search", "searcher=te_nas", *LOW], "received searcher=te_nas"),
        (["task=search", "searcher=random_search", *LOW], "received searcher=random_search"),
        (["task=shrink", *LOW], "received shrinker=random_drop"),
    ],
)
def test_it_is_refused_for_what_reads_more_than_signs(tmp_path, overrides, words):
    with pytest.raises(ConfigError, match=words):
        check(config(tmp_path, *overrides))


def test_unknown_ones_and_those_of_a_gpu_are_refused(tmp_path):
    with pytest.raises(UnknownNameError, match="Allowed: bfloat16, default, float16, float32, tf32"):
        check(config(tmp_path, "path=fast", "precision=half"))
    for name in ("float16", "tf32"):
        gpus = config(tmp_path, "path=fast", f"precision={name}", "proxy=nwot_eval")
        check(gpus)
        with pytest.raises(ConfigError, match=f"precision={name} is for a GPU"):
            prepare(gpus)


@pytest.mark.parametrize(
    "overrides",
    [
        ["proxy=[nwot,nwot_eval]"],
        ["proxy=vote", "proxy.of=[nwot,nwot_eval]"],
        ["task=op_correlation", "scorer=zero_cost_disc", "proxy=nwot_eval"],
        ["task=search", "searcher=random_by_proxy"],
        ["task=shrink", "shrinker=halved_softmax", "precision=float32"],
    ],
)
def test_it_is_allowed_for_what_reads_signs(tmp_path, overrides):
    check(config(tmp_path, *LOW, *overrides))


def test_only_fewer_bits_are_part_of_what_a_run_is(tmp_path):
    usual = prepare(config(tmp_path, "path=fast"))
    named = replace(usual, config=replace(usual.config, precision="float32"))
    low = replace(usual, config=replace(usual.config, precision="bfloat16"))
    assert "precision" not in usual.measured_settings
    assert named.measured_settings == usual.measured_settings
    assert low.measured_settings == {**usual.measured_settings, "precision": "bfloat16"}
    run = usual.run("nwot", {})
    assert "codes" not in usual.provenance(run)["numerics"]
    assert usual.notice == named.notice == ""


@pytest.mark.parametrize("has", [True, False])
def test_a_record_says_in_which_numbers_codes_were_computed(tmp_path, monkeypatch, has):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": has})
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    scored = ["task=op_correlation", "task.progressive=false", "proxy=nwot_eval", "path=fast"]
    (outcome,) = execute(config(tmp_path, *scored, "precision=bfloat16"))
    (usual,) = execute(config(tmp_path, *scored))
    low, own = (records.read_record(each.path) for each in (outcome, usual))
    assert low.run.settings["precision"] == "bfloat16"
    assert low.run.identity != own.run.identity
    lacks = "float32, since this processor has neither AVX512_BF16 nor AMX"
    assert low.provenance["numerics"]["codes"] == ("bfloat16" if has else lacks)
    assert f"codes={'bfloat16' if has else 'float32'}" in origin_of(low)["numerics"]
    told = "precision=bfloat16 was computed in float32, since this processor has neither AVX512_BF16 nor AMX"
    assert (told in outcome.headline) is not has
    scores, others = (each.rows["score"] for each in (low, own))
    assert list(scores) == pytest.approx(list(others), abs=0.05 * max(map(abs, others)))
    assert (list(scores) == list(others)) is not has
