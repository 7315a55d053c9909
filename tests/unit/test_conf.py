"""What is composed of items and files of conf/: every item is an option, every preset can be planned."""

from __future__ import annotations

import shlex
import subprocess
import sys
from functools import cache

import hydra
import pytest
from omegaconf import DictConfig, OmegaConf

from harness import aggregations, families, folders, groups, registry, spaces
from harness.cli import _compose
from harness.cli._compose import composing, run_configs
from harness.cli.bench import choose_spaces, main, plan
from harness.evidence.published import published_sets
from harness.published import operation_scores
from harness.sensitivity.studies import BASELINES


def options(group: str) -> set[str]:
    return {path.stem for path in (folders.CONF / group).glob("*.yaml")}


NAMED = {group: groups.names(group) for group in sorted(groups.GROUPS.keys() - {"fidelity"})}


@cache
def composed(number: int) -> DictConfig:
    """What Hydra composes of the items with this number, of all groups that have so many, at once."""
    chosen = [f"{group}={names[number]}" for group, names in NAMED.items() if number < len(names)]
    with composing():
        return hydra.compose("config", overrides=chosen)


@pytest.mark.parametrize("group", NAMED)
def test_every_item_is_an_option_and_says_its_name(group):
    with composing():
        assert set(NAMED[group]) <= set(_compose.groups()[group])
    for number, name in enumerate(NAMED[group]):
        content = composed(number)[group]
        assert content.get("name", content.get("names")) in (name, [name])


@pytest.mark.parametrize("group", sorted(groups.GROUPS.keys() - {"proxy", "fidelity"}))
def test_every_setting_has_words(group):
    for name in groups.names(group):
        assert all(option.help for option in groups.options(group, name).values())


def test_population_proxies_that_take_a_list_have_one():
    with composing():
        for name in aggregations.names():
            (config,) = run_configs([f"proxy={name}"])
            assert ("of" in config.proxy) == aggregations.load(name).ABOUT.any_list


def test_every_group_has_a_choice():
    with composing():
        (config,) = run_configs([])
    for group in groups.GROUPS:
        given = getattr(config, group)
        assert given.get("names") or given["name"] in _compose.groups()[group]


def test_a_config_is_checked_without_torch_scipy_or_pandas():
    code = (
        "import sys; from harness.cli.bench import plan; plan(('nb201',), 'smoke', '', []); "
        "sys.exit(bool({'torch', 'scipy', 'pandas'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_fidelities_are_those_that_families_have():
    offered = {name: set(families.fidelities(spaces.load(name))) for name in spaces.names()}
    assert options("fidelity") == set.union(*offered.values())
    assert set.intersection(*offered.values()) == {"benchmark", "small", "tiny"}


def test_the_default_label_is_the_tables():
    from harness import benchmarks

    for name in benchmarks.names():
        with composing():
            (config,) = run_configs([f"space={name}"])
        assert config.label == config.space["label"] == benchmarks.load(name).default_label.name


PRESETS = sorted(path.stem for path in (folders.CONF / "preset").glob("*.yaml"))
STUDIES = [preset for preset in PRESETS if preset.startswith("study_")]


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_composes(preset):
    assert plan((_space_of(preset),), preset, "", [])


def _space_of(preset: str) -> str:
    """A space that the preset is for."""
    families = OmegaConf.load(folders.CONF / "preset" / f"{preset}.yaml").get("only", {})
    return "nas_dip_2" if "nas_dip" in families else "nb201"


@pytest.mark.parametrize("preset", ["smoke", "regress", "quick", "standard", "paper"])
def test_presets_hold_every_first_task(preset):
    tasks = {config.task["name"] for config in plan(("nbmacro",), preset, "", [])}
    assert tasks >= {"arch_correlation", "op_correlation", "search"}


@pytest.mark.parametrize(
    "overrides",
    [
        "",
        "seed=3",
        "task=search searcher=darts_pt searcher.order=fixed training.epochs=3 variant=as_released seed=1",
        "space=nbmacro label=cifar10_test_50_best proxy=vote proxy.of=[nwot,snip] 'input.folder=\"a b\"'",
        "proxy.names=[nwot,params] batch_size=4 time_limit=2.5 dry_run=true results=null device=cpu",
        "hydra.job.name=named hydra/launcher=basic seed=2",
        "experiment=zero_cost_pt searcher.proposals=3 fidelity=tiny",
        "experiment=all_proxies task.population=all proxy.of=[nwot,zen]",
        "space=nb1shot1_2 batch_size=8 space=nb201 batch_size=4",
    ],
)
def test_what_is_composed_once_is_what_hydra_composes(overrides):
    asked = shlex.split(overrides)
    with composing():
        for _ in range(2):
            assert _compose._composed(asked) == hydra.compose("config", overrides=asked)


@pytest.mark.slow
@pytest.mark.parametrize("preset", PRESETS)
def test_presets_are_what_hydra_composes(preset, monkeypatch):
    space = _space_of(preset)
    made = plan((space,), preset, "", [])
    monkeypatch.setattr(_compose, "_composed", lambda overrides: hydra.compose("config", overrides=overrides))
    assert plan((space,), preset, "", []) == made


@pytest.mark.parametrize("preset", ["baselines", "baselines_paper"])
def test_the_presets_of_baselines_hold_the_published_methods(preset):
    configs = plan(("nb201",), preset, "", [])
    scorers = {config.scorer["name"] for config in configs if config.task["name"] == "op_correlation"}
    searchers = {config.searcher["name"] for config in configs if config.task["name"] == "search"}
    assert scorers >= {"darts", "darts_pt", "disc_acc", "te_nas", "te_nas_shortcut", "zero_cost_pt"}
    assert searchers >= {"darts", "darts_pt", "te_nas", "random_search", "regularized_evolution", "largest"}
    images = {"cifar10"} if preset == "baselines_paper" else {"digits"}
    assert {c.input["name"] for c in configs if c.searcher["name"] in ("darts", "darts_pt")} == images


@pytest.mark.parametrize("space", ["nb201", "nb1shot1_2"])
def test_the_published_preset_has_every_set_and_seed_once(space):
    lines = OmegaConf.to_object(OmegaConf.load(folders.CONF / "preset" / "published.yaml"))
    made = []
    with composing():
        for line in lines["only"][spaces.load(space).family]:
            asked, _, seeds = line.rpartition(" seed=")
            for config in run_configs([*asked.split(), f"space={space}"]):
                (each,) = published_sets(config)
                made += [(each.name, int(seed)) for seed in seeds.split(",")]
    sets = operation_scores.entry(space).sets
    assert sorted(made) == sorted((each.name, seed) for each in sets for seed in each.seeds)


def baseline_settings(config, name):
    """A setting of a baseline as the composed run has it."""
    if name in ("proposals", "validation_batches", "order"):
        return config.searcher[name]
    if name == "proxy":
        return config.proxy["names"][0]
    if name == "progressive":
        return config.task[name]
    value = getattr(config, name)
    return value["name"] if isinstance(value, dict) else value


@pytest.mark.parametrize("preset", STUDIES)
def test_studies_vary_one_setting_of_a_baseline(preset):
    configs = plan(("nb201",), preset, "", [])
    assert {config.seed for config in configs} == {0, 1, 2, 3}
    factors = set()
    for config in configs:
        assert config.label == "cifar10_test_200"
        own = [baseline for baseline in BASELINES if baseline.task == config.task["name"]]
        differing = [
            {key for key, value in baseline.settings.items() if baseline_settings(config, key) != value}
            | ({"supernets"} if config.supernets > 1 else set())
            | ({"precision"} if config.precision == "bfloat16" else set())
            for baseline in own
        ]
        fewest = min(differing, key=len)
        assert len(fewest) <= 1 or fewest == {"variant", "masking"}, (config, fewest)
        factors |= fewest
    named = preset.removeprefix("study_")
    expected = {"images": {"input"}, "validation": {"validation_batches"}, "variant": {"variant", "masking"}}
    assert factors == expected.get(named, {named})


@pytest.mark.usefixtures("quick_pool")
def test_a_study_without_its_images_fails_alone_and_in_a_sentence(tmp_path, capsys):
    asked = ["fidelity=tiny", "batch_size=4", f"input.folder={tmp_path / 'nowhere'}"]
    assert main(["--space", "nb201", "--preset", "study_images", "--seeds", "0", "--jobs", "1",
                 "--results", str(tmp_path), *asked]) == 2  # fmt: skip
    assert "nowhere" in capsys.readouterr().out


def test_every_space_composes():
    configs = plan(choose_spaces("all"), "smoke", "", ["proxy=nwot"])
    assert {config.space["name"] for config in configs} == set(choose_spaces("all"))


def test_the_paper_preset_is_the_papers():
    configs = plan(("nb201",), "paper", "", [])
    (search, *_) = [c for c in configs if c.task["name"] == "search" and c.searcher["name"] == "zero_cost_pt"]
    assert (search.batch_size, search.searcher["proposals"], search.searcher["validation_batches"]) == (
        256,
        10,
        100,
    )
    assert {config.seed for config in configs} == {0, 1, 2, 3}
    assert search.fidelity["name"] == "benchmark"


def test_zero_cost_pt_searches_as_the_papers_default_and_takes_the_runs_variant():
    for variant, asked in (("paper", []), ("as_released", ["variant=as_released"])):
        configs = plan(("nb201",), "paper", "", asked)
        searches = [c.searcher for c in configs if c.searcher["name"] == "zero_cost_pt"]
        assert {(searcher["order"], searcher["variant"]) for searcher in searches} == {("random", variant)}
        assert {config.masking for config in configs} == {"default"}


def test_seeds_and_overrides_win_over_the_preset():
    configs = plan(("nbmacro",), "smoke", "5,6", ["batch_size=4"])
    assert {config.seed for config in configs} == {5, 6}
    assert {config.batch_size for config in configs} == {4}


def test_a_seed_that_is_named_twice_is_planned_once():
    assert plan(("nbmacro",), "smoke", "5,5, 6,5", []) == plan(("nbmacro",), "smoke", "5,6", [])


EXPERIMENTS = {
    "zero_cost_pt": {"task": "search", "searcher": "zero_cost_pt", "proxy": ["nwot_eval"], "batch_size": 256},
    "operation_scores": {
        "task": "op_correlation", "scorer": "zero_cost_pt", "proxy": ["nwot_eval"], "batch_size": 256,
    },
    "all_proxies": {
        "task": "arch_correlation",
        "proxy": [*registry.names("harness.proxies"), *registry.names("harness.aggregations")],
        "batch_size": 32,
    },
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(options("experiment")))
def test_settings_win_over_an_experiment(name):
    with composing():
        (won,) = run_configs(["batch_size=4", f"experiment={name}", "proxy=snip"])
    assert (won.batch_size, won.proxy["names"]) == (4, ["snip"])


@pytest.mark.parametrize("name", sorted(EXPERIMENTS))
def test_an_experiment_is_what_it_is_for(name):
    with composing():
        found, other = run_configs([f"experiment={name}", "space=nbmacro", "seed=1,2"])
    told = {key: getattr(found, key) for key in EXPERIMENTS[name]}
    names = {key: value.get("names", value.get("name")) if isinstance(value, dict) else value
             for key, value in told.items()}  # fmt: skip
    assert names == EXPERIMENTS[name]
    assert (found.space["name"], found.seed, other.seed) == ("nbmacro", 1, 2)


def test_a_family_names_its_spaces():
    assert choose_spaces("nb1shot1") == ("nb1shot1_1", "nb1shot1_2", "nb1shot1_3")
    assert choose_spaces("nb201") == ("nb201",)
