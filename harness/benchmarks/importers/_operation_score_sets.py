"""Which sets of published operation scores are kept, and the settings that each answers to.

DARTS's alphas after 60 or 100 epochs ("darts" in op_strength.ipynb is the former), disc-acc with 5 or 25
epochs of fine-tuning (op_strength.ipynb draws the former, seed 1; op_correl_time.pdf the latter), scores at
all steps or, where those differ, of the initial supernet alone.

Left out: the notebook's own disc-acc row (how long was fine-tuned is not said), its TE-NAS row (step 0 of
the logs' seed 2, once more), its proxies of stand-alone networks (no operation scorer here), and, of two
published sets of zc-pt with synflow, the one with a single seed.
"""

from __future__ import annotations

from dataclasses import dataclass

PROGRESSIVE = "nb201_op_scores_progressive.csv"
DISC_ACC = "nb201_discacc_raw.csv"
SYNFLOW = "nb201_synflow_progressive.csv"
INITIAL = "op_strength_src_tidy.csv"
NB1SHOT1 = "nb1shot1_op_scores_progressive.csv"

PLACES = {
    PROGRESSIVE: "logs of experiments/corr_time, decisions in the order of the edges",
    DISC_ACC: "scores behind figure op_correl_time.pdf of notebooks_201",
    SYNFLOW: "scores behind figure op_correl_time.pdf of notebooks_201",
    INITIAL: "notebooks_201/op_strength.ipynb",
    NB1SHOT1: "logs of notebooks_1shot1, decisions in the order of the blocks",
}
"""Where in the authors' repository each file's figures stand."""


@dataclass(frozen=True)
class Kept:
    """A set that is kept.

    ``method`` is what ``file`` calls it, ``title`` what the authors' figures call it, ``settings`` are the
    overrides it answers to, ``missing`` stands for a score that is not there.
    """

    name: str
    file: str
    method: str
    title: str
    settings: str
    lower_is_better: bool = False
    missing: float | None = None


_PT, _DISC = "scorer=zero_cost_pt proxy=nwot_eval", "scorer=zero_cost_disc proxy=nwot_eval"
_PT_SYNFLOW, _DISC_SYNFLOW = "scorer=zero_cost_pt proxy=synflow", "scorer=zero_cost_disc proxy=synflow"
_RAW, _DARTS, _DARTS_100 = "training=none", "training=darts", "training=darts training.epochs=100"
_DARTS_PT = f"scorer=darts_pt {_DARTS_100} training.fine_tuning_epochs=5"
_STEPS, _INITIAL = "task.progressive=true", "task.progressive=false"
_ALTERNATIVE = "zc_pt_synflow_alt(commented-out)"

NB201 = (
    Kept("zc_pt_nwot", PROGRESSIVE, "zc_pt_nwot", "zc-pt(nwot)", f"{_PT} {_RAW} {_STEPS}", True),
    Kept("disc_zc_nwot", PROGRESSIVE, "disc_zc_nwot", "disc-zc(nwot)", f"{_DISC} {_RAW} {_STEPS}"),
    Kept("zc_pt_synflow", SYNFLOW, _ALTERNATIVE, "zc-pt(synflow)", f"{_PT_SYNFLOW} {_RAW} {_STEPS}", True),
    Kept(
        "disc_zc_synflow", SYNFLOW, "disc_zc_synflow", "disc-zc(synflow)", f"{_DISC_SYNFLOW} {_RAW} {_STEPS}"
    ),
    Kept("zc_pt_nwot_post", PROGRESSIVE, "zc_pt_nwot_post", "zc-pt-post", f"{_PT} {_DARTS} {_STEPS}", True),
    Kept("disc_zc_nwot_post", PROGRESSIVE, "disc_zc_nwot_post", "zc-disc-post", f"{_DISC} {_DARTS} {_STEPS}"),
    Kept("darts_pt", PROGRESSIVE, "darts_pt", "darts-pt", f"{_DARTS_PT} {_STEPS}", True),
    Kept("tenas", PROGRESSIVE, "tenas_pt", "tenas", "scorer=te_nas_shortcut", True),
    *(
        Kept(
            f"disc_acc_ft{epochs}",
            DISC_ACC,
            f"disc_acc_ft{epochs}",
            "disc-acc",
            f"scorer=disc_acc {_DARTS_100} training.fine_tuning_epochs={epochs}",
            missing=-1.0,
        )
        for epochs in (5, 25)
    ),
    Kept("initial_darts_60", INITIAL, "alpha-60", "darts", f"scorer=darts {_DARTS} training.epochs=60"),
    Kept("initial_darts_100", INITIAL, "alpha", "darts-100", f"scorer=darts {_DARTS_100}"),
    Kept("initial_best_acc", INITIAL, "best-acc", "best-acc", "scorer=best_acc"),
    Kept("initial_avg_acc", INITIAL, "acc", "avg-acc", "scorer=avg_acc"),
    Kept("initial_darts_pt", INITIAL, "dartspt", "darts-pt", f"scorer=darts_pt {_DARTS} {_INITIAL}", True),
    Kept("initial_zc_pt_nwot", INITIAL, "zc pt", "zc-pt(nwot)", f"{_PT} {_RAW} {_INITIAL}", True),
    Kept("initial_disc_zc_nwot", INITIAL, "discrete zc", "disc-zc(nwot)", f"{_DISC} {_RAW} {_INITIAL}"),
    Kept(
        "initial_zc_pt_synflow",
        INITIAL,
        "synflow",
        "zc-pt(synflow)",
        f"{_PT_SYNFLOW} {_RAW} {_INITIAL}",
        True,
    ),
    Kept(
        "initial_disc_zc_synflow",
        INITIAL,
        "synflow_disc",
        "disc-zc(synflow)",
        f"{_DISC_SYNFLOW} {_RAW} {_INITIAL}",
    ),
    Kept("initial_zc_pt_nwot_post", INITIAL, "zc-pt-post", "zc-pt-post", f"{_PT} {_DARTS} {_INITIAL}", True),
    Kept(
        "initial_disc_zc_nwot_post", INITIAL, "zc-disc-post", "zc-disc-post", f"{_DISC} {_DARTS} {_INITIAL}"
    ),
)
"""Sets of NAS-Bench-201."""

NB1SHOT1_SETS = (
    Kept("zc_pt_nwot", NB1SHOT1, "zc_pt_nwot", "zc-pt(nwot)", f"{_PT} {_RAW}", True),
    Kept("disc_zc_nwot", NB1SHOT1, "disc_zc_nwot", "disc-zc(nwot)", f"{_DISC} {_RAW}"),
)
"""Sets of each of the three NAS-Bench-1Shot1 spaces."""
