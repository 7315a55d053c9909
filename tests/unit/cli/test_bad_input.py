"""Bad input: one sentence that names what is allowed, exit code 2, nothing left behind."""

from __future__ import annotations

import subprocess
import sys

import pytest

from harness.cli import bench, run

RUN = [
    (["space=nb20"], "Unknown space 'nb20'. Did you mean 'nb201'? Allowed: "),
    (["proxy=nwott"], "Unknown proxy 'nwott'. Did you mean 'nwot'? Allowed: all, "),
    (["proxy.names=[nwott]"], "Unknown proxy 'nwott'. Did you mean 'nwot'? Allowed: "),
    (
        ["proxy=vote", "task=search"],
        "vote is a property of a population of networks, so it goes with",
    ),
    (
        ["proxy.names=[nwot,te_nas]", "task=op_correlation"],
        "te_nas is a property of a population of networks",
    ),
    (
        ["proxy=vote", "proxy.of=[nwot]"],
        "vote ranks a list of at least two different proxies, like",
    ),
    (["proxy=vote", "proxy.of=nwot"], "proxy.of must list proxies, like [synflow, nwot]; received 'nwot'."),
    (["proxy=rank_sum", "proxy.of=[snip,nwott]"], "Unknown proxy in proxy.of 'nwott'. Did you mean 'nwot'?"),
    (["proxy=rank_sum", "proxy.of=[snip,te_nas]"], "Unknown proxy in proxy.of 'te_nas'."),
    (["proxy=rank_sum", "proxy.of=null"], "rank_sum ranks a list of at least two different proxies"),
    (["proxy=vote", "proxy.names=[snip,te_nas]"], "proxy.of lists what log_rank_sum, "),
    (["proxy=te_nas", "proxy.of=[snip,nwot]"], "Unknown setting 'proxy.of'."),
    (["scorer=zero_cost"], "Unknown scorer 'zero_cost'. Did you mean"),
    (["truth=trained"], "Unknown truth 'trained'. Did you mean 'train'? Allowed: restore, table, train."),
    (["truth.epochs=3"], "truth=table has no settings of its own; received truth.epochs."),
    (["truth=train", "space=darts_s1", "label=cifar10"], "truth=train measures a label of its own, whose"),
    (["searcher=random"], "Unknown searcher 'random'. Did you mean 'random_search'?"),
    (["input=cifar"], "Unknown input 'cifar'. Did you mean 'cifar10'? Allowed: cifar10, digits, "),
    (
        ["fidelity=big"],
        "Unknown fidelity 'big'. Allowed: benchmark, imagenet, imagenet_64, small, small_swish, tiny.",
    ),
    (["task=correlation"], "Unknown task 'correlation'. Did you mean"),
    (["label=cifar10_tst_200"], "Unknown label of nb201 'cifar10_tst_200'. Did you mean 'cifar10_test_200'?"),
    (["space=nbmacro", "label=cifar10_test_200"], "Unknown label of nbmacro"),
    (["space=mnasnet", "label=cifar10_test_200"], "Unknown label of mnasnet"),
    (["-m", "space=nb201,nbmacro", "label=cifar10_test_200"], "Unknown label of nbmacro"),
    (["-m", "proxy=nwot,sinflow"], "Unknown proxy 'sinflow'. Did you mean 'synflow'?"),
    (["seed=abc"], "seed=abc: Value 'abc' of type 'str' could not be converted to Integer."),
    (["seed=-1"], "seed must be an integer from 0 to 2**63 - 1; received -1."),
    (["seed=0,1"], "These settings make 2 runs; add -m to sweep over them, or"),
    (["seed.x=1"], "seed has no settings of its own; write seed=value, not 'seed.x=1'."),
    (["label.x=1"], "label has no settings of its own; write label=value, not 'label.x=1'."),
    (["results.x.y=1"], "results has no settings of its own; write results=value"),
    (["searcher.name=largest"], "searcher=largest has no settings of its own; received searcher."),
    (["label=cifar10"], "Unknown label of nb201 'cifar10'. Did you mean 'cifar10_test_200'?"),
    (
        ["space=nbmacro", "label=cifar10"],
        "Unknown label of nbmacro 'cifar10'. Did you mean 'cifar10_test_50'?",
    ),
    (
        ["task=op_correlation", "task.progressive=no"],
        "task.progressive must be true or false; received 'no'.",
    ),
    (["sede=1"], "Unknown setting 'sede'. Did you mean 'seed'?"),
    (["searcher.proposal=3"], "Unknown setting 'searcher.proposal'. Did you mean 'searcher.proposals'?"),
    (["task=search", "searcher.proposals=0"], "searcher.proposals must be a positive integer; received 0."),
    (
        ["searcher.order=global_op"],
        "Unknown searcher.order 'global_op'. Did you mean 'global_op_once'? Allowed: fixed,",
    ),
    (["searcher=zero_cost_disc", "searcher.order=first"], "Unknown searcher.order 'first'."),
    (["searcher=largest", "searcher.order=fixed"], "searcher=largest has no settings of its own; received"),
    (
        ["variant=released"],
        "Unknown variant 'released'. Did you mean 'as_released'? Allowed: as_released,",
    ),
    (
        ["masking=zero"],
        "Unknown masking 'zero'. Did you mean 'zeros'? Allowed: default, drop, undiscretised,",
    ),
    (["batch_size=0"], "batch_size must be a positive integer; received 0."),
    (["batch_size=1"], "batch_size must be at least 2"),
    (["task.population=none"], "task.population must be a positive integer or all; received 'none'."),
    (["device=tpu"], "Unknown device 'tpu'. Did you mean 'cpu'? Allowed: auto, cpu, cuda, cuda:0."),
    (["input=cifar10"], "cifar10"),
    (["space"], "'space' is not a setting; write name=value"),
    (["+x=1"], "adds or deletes a setting"),
    (["space=glob(q*)"], "'space=glob(q*)' matches nothing."),
]


@pytest.mark.parametrize(("arguments", "words"), RUN, ids=[" ".join(arguments) for arguments, _ in RUN])
def test_run(arguments, words, tmp_path, capsys, monkeypatch):
    root = tmp_path / "results"
    monkeypatch.setattr(sys, "argv", ["harness"])
    assert run.main([*arguments, f"results={root}"]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("harness: ")
    assert words in captured.err
    assert captured.err.count("\n") == 1, captured.err
    assert captured.out == ""
    assert not root.exists()


BENCH = [
    ([], "SPACE is missing; allowed: all, "),
    (["--space", "nb102"], "Unknown space 'nb102'. Did you mean 'nb101'?"),
    (
        ["--space", "nb201", "--preset", "fast"],
        "Unknown preset 'fast'. Allowed: ",
    ),
    (["--space", "nb201", "--seeds", "a"], "SEEDS takes integers from 0 on, like 0,1; received 'a'."),
    (["--space", "nb201", "--seeds", "²"], "SEEDS takes integers from 0 on, like 0,1; received '²'."),
    (["--space", "nb201", "--seeds", ","], "SEEDS takes integers from 0 on, like 0,1; received ','."),
    (["--space", "nb201", "--seeds", "9" * 20], "SEEDS takes integers from 0 on, like 0,1; received '9999"),
    (["--space", "nb201", "--jobs", "²"], "JOBS must be a positive integer; received '²'."),
    (
        ["--space", "nb201", "seed=5"],
        "A preset's seeds are named with SEEDS or --seeds 5; received 'seed=5'.",
    ),
    (["seed=5,6", "--space", "nb201"], "A preset's seeds are named with SEEDS or --seeds 5,6; received"),
    (["--space", "nb201", "--jobs", "0"], "JOBS must be a positive integer; received '0'."),
    (["--space", "nb201", "--speed", "9"], "Unrecognized arguments: --speed"),
    (["--space", "nb201", "batchsize=3"], "Unknown setting 'batchsize'. Did you mean 'batch_size'?"),
]


@pytest.mark.parametrize(("arguments", "words"), BENCH, ids=[" ".join(arguments) for arguments, _ in BENCH])
def test_bench(arguments, words, tmp_path, capsys):
    root = tmp_path / "results"
    assert bench.main([*arguments, "--results", str(root)]) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.err.count("\n") == 1, captured.err
    assert not root.exists()


@pytest.mark.parametrize("verb", [["harness"], ["harness.cli.bench", "--space", "nb201"]])
def test_results_that_cannot_be_written(verb, tmp_path):
    blocker = tmp_path / "file"
    blocker.write_text("")
    where = [f"results={blocker}/results"] if verb == ["harness"] else ["--results", f"{blocker}/results"]
    done = subprocess.run([sys.executable, "-m", *verb, *where], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("harness: Results cannot be written to ")
    assert done.stderr.count("\n") == 1
    assert blocker.read_text() == ""
