"""Every setting takes values of one kind, and is refused with any other before anything runs."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from omegaconf import OmegaConf

from harness import benchmarks, folders, groups, options, registry, tasks
from harness.cli._compose import composing, run_config
from harness.errors import ConfigError, HarnessError
from harness.runners import RunConfig, check
from harness.runners._check import RUN
from harness.trackers import mlflow

SETTINGS = [
    (group, name, key)
    for group in sorted(groups.GROUPS.keys() - {"proxy", "fidelity"})
    for name in (benchmarks.names() if group == "space" else groups.names(group))
    for key in groups.options(group, name)
] + [("fidelity", "small", key) for key in groups.GROUPS["fidelity"].options]
TASKS = {tasks.load(name).group: name for name in tasks.names()} | {"training": "op_correlation"}


@pytest.fixture(scope="module")
def composed():
    with composing():
        yield lambda *overrides: run_config(["space=nbmacro", *overrides])


@pytest.fixture(autouse=True)
def no_mlflow(monkeypatch):
    monkeypatch.setattr(mlflow, "REQUIRES", None)


def chosen(composed, group, name):
    task = f"task={TASKS.get(group, 'arch_correlation')}" if group != "task" else f"task={name}"
    item = registry.load(f"harness.{group}s", name, group) if group in groups.METHODS else None
    known = sorted(set(getattr(item, "FAMILIES", ())) & set(benchmarks.names()))
    space = [f"space={known[-1]}"] if known else []
    several = [f"supernets={item.SUPERNETS}"] if hasattr(item, "SUPERNETS") else []
    return composed(task, *([] if group == "task" else [f"{group}={name}"]), *space, *several)


WRONG = {
    int: [0, -1, 1.5, True, "x", "3", None, [1], {"a": 1}, 2**63],
    float: [0, -1.0, float("nan"), float("inf"), True, "x", None, []],
    bool: [0, 1, "no", "false", None, [], 1.0],
    str: ["", 3, None, True, []],
    options.Folder: ["", 3, True, ["a"], "a\0b"],
    options.Whole: [-1, 1.5, True, "x", None, [1], 2**63],
    tuple: ["nobody", 3, None, [], True],
}


def wrong(kind):
    if isinstance(kind, type):
        return WRONG[kind]
    return WRONG.get(type(kind), WRONG[tuple])


@pytest.mark.parametrize(("group", "name", "key"), SETTINGS, ids=[".".join(each) for each in SETTINGS])
def test_every_setting_of_an_item_has_a_kind(composed, group, name, key):
    config = chosen(composed, group, name)
    check(config)
    for value in wrong(groups.options(group, name)[key].kind):
        with pytest.raises(HarnessError) as caught:
            check(replace(config, **{group: {**getattr(config, group), key: value}}))
        assert f"{group}.{key}" in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_group_that_the_task_does_not_read_may_be_left_out(composed):
    for task in tasks.names():
        config, own = composed(f"task={task}"), tasks.load(task).group
        others = [group for group in groups.METHODS if group not in (own, "proxy")]
        check(replace(config, **{group: {} for group in others}))
        if own != "proxy":
            with pytest.raises(HarnessError, match=f"Unknown {own} 'None'"):
                check(replace(config, **{own: {}}))


def top_level():
    config = OmegaConf.load(folders.CONF / "config.yaml")
    return sorted(str(key) for key in config if key not in ("defaults", "hydra"))


@pytest.mark.parametrize("name", top_level())
def test_every_setting_of_the_run_has_a_kind(composed, name):
    config = composed()
    for value in wrong(float if name == "time_limit" else RUN[name]):
        if (name, value) == ("time_limit", None):
            continue
        with pytest.raises(HarnessError) as caught:
            check(replace(config, **{name: value}))
        assert name in str(caught.value)
        assert "\n" not in str(caught.value)


def test_conf_has_every_setting_of_the_run():
    names = {each.name for each in fields(RunConfig)} - set(top_level())
    assert names == groups.GROUPS.keys()
    assert set(RUN) | {"time_limit"} == set(top_level())


@pytest.mark.parametrize("value", ["no", "0", "yes", "False_", "null"])
def test_true_or_false_is_nothing_else(composed, value):
    with pytest.raises(ConfigError, match=r"task\.progressive must be true or false; received"):
        composed("task=op_correlation", f"task.progressive={value}")
    for good in ("true", "False", "FALSE"):
        config = composed("task=op_correlation", f"task.progressive={good}")
        assert config.task["progressive"] is (good == "true")


@pytest.mark.parametrize("group", groups.GROUPS)
def test_a_setting_that_nobody_reads_is_refused(composed, group):
    config = composed()
    with pytest.raises(HarnessError, match=f"{group}.popullation"):
        check(replace(config, **{group: {**getattr(config, group), "popullation": 3}}))
