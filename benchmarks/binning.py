"""Binning and scorecards against optbinning, toad and Polars: fit, information value, transform, one row, AUC on real data.

Run: ``python benchmarks/binning.py [fit] [fit-million] [categorical] [transform] [row] [auc] [--passes 5]``; without a part, all of them.
Both sides run on one thread, pass by pass, ours then the peer, and the ratio is taken within a pass, so a busy machine disturbs
both alike. optbinning runs in this process; Polars and toad in ``.peers/scorecards`` (``make peers``), and are said not to have
run where that is absent. ``auc`` reads real data from the folder named by ``CREDIT_RISK_BENCHMARK_DATA``, or says that it did not.

The columns cycle through six kinds: normal, heavy-tailed amounts rounded to cents, small integers, half zeros, 10 % missing, 5 % special code.
Both sides: at most 8 bins, at least 5 % of the rows and 30 rows of each outcome per bin, automatic trend.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import platform
import statistics
import subprocess
import tempfile
import time
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import xgboost
from threadpoolctl import threadpool_limits

from credit_risk.binning import WoeBinner
from credit_risk.binning.apply import look_up
from credit_risk.binning.manual import trend_of
from credit_risk.numerics.woe import information_value_parts
from credit_risk.scorecard import RowScorer, Scorecard

SPECIAL = -9999.0
PEERS = Path(os.environ.get("CREDIT_RISK_PEERS", ".peers"))
CPU: list[float] = []
PARTS = ("fit", "fit-million", "categorical", "transform", "row", "auc")
LIMITS = {"max_n_bins": 8, "min_bin_size": 0.05, "min_bin_n_event": 30, "min_bin_n_nonevent": 30}


def synthetic(n_rows: int, n_columns: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(20261122)
    columns, log_odds = [], np.full(n_rows, -2.5)
    for j in range(n_columns):
        u = rng.normal(size=n_rows)
        log_odds += (0.5 * rng.random() * (j % 3 != 0) * 5 / np.sqrt(n_columns)) * u
        columns.append(
            (
                lambda u: u,
                lambda u: np.round(np.exp(1.5 * u) * 100, 2),
                lambda u: np.floor(np.abs(u + 1) * 3),
                lambda u: np.where(u < 0, 0.0, np.exp(u)),
                lambda u: np.where(rng.random(n_rows) < 0.10, np.nan, u),
                lambda u: np.where(rng.random(n_rows) < 0.05, SPECIAL, np.exp(u)),
            )[j % 6](u)
        )
    return np.asfortranarray(np.column_stack(columns)), (
        rng.random(n_rows) < 1 / (1 + np.exp(-log_odds))
    ).astype(int)


def quiet_optbinning():
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stderr(io.StringIO()),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        import optbinning
    return optbinning


def timed(work):
    """Return wall seconds, and the result; processor seconds are kept in ``CPU``."""
    start, start_cpu = time.perf_counter(), time.process_time()
    result = work()
    CPU.append(time.process_time() - start_cpu)
    return time.perf_counter() - start, result


def clean_information_value(x, is_bad, cuts):
    ordinary = ~(np.isnan(x) | (x == SPECIAL))
    index = np.searchsorted(cuts, x[ordinary], side="right")
    bads = np.bincount(index, is_bad[ordinary], len(cuts) + 1)
    counts = np.stack([np.bincount(index, minlength=len(cuts) + 1) - bads, bads])
    return float(information_value_parts(*counts).sum()), trend_of(counts)


def benchmark_fit(n_rows: int, n_columns: int, passes: int) -> None:
    optbinning = quiet_optbinning()
    X, is_bad = synthetic(n_rows, n_columns)
    names = [f"x{j}" for j in range(n_columns)]
    ours_s, peer_s, ours_cpu, peer_cpu = [], [], [], []
    for _ in range(passes):
        seconds, _ = timed(lambda: WoeBinner(special_codes=(SPECIAL,)).fit(X, is_bad))
        ours_s.append(seconds)
        ours_cpu.append(CPU[-1])
        process = optbinning.BinningProcess(
            names, special_codes=[SPECIAL], binning_fit_params=dict.fromkeys(names, LIMITS)
        )
        seconds, _ = timed(lambda process=process: process.fit(X, is_bad))
        peer_s.append(seconds)
        peer_cpu.append(CPU[-1])
    print(
        f"fit {n_rows:,} x {n_columns}: ours {seconds_of(ours_s)} s, optbinning {seconds_of(peer_s)} s, ratio by pass {ratios_of(peer_s, ours_s)}; processor seconds {seconds_of(ours_cpu)} and {seconds_of(peer_cpu)}, ratio by pass {ratios_of(peer_cpu, ours_cpu)}, median {statistics.median(p / o for o, p in zip(ours_cpu, peer_cpu, strict=True)):.1f}"
    )
    compare_information(X, is_bad, process, names)


def compare_information(X, is_bad, process, names) -> None:
    free, same, informative = [], [], []
    for j, name in enumerate(names):
        peer_cuts = np.asarray(process.get_binned_variable(name).splits, dtype=float)
        peer_value, trend = clean_information_value(X[:, j], is_bad, peer_cuts)
        asked = "auto" if trend == "single" else trend
        settings = {"trend": asked, "special_codes": (SPECIAL,)}
        cuts = np.array(WoeBinner(**settings).fit(X[:, [j]], is_bad).spec_.variables[0].cuts)
        value, _ = clean_information_value(X[:, j], is_bad, cuts)
        if peer_value > 0:
            free.append(value / peer_value)
            informative.append(peer_value > 0.01)
        if j < 24:
            coarse = {**settings, "n_prebins": 20, "refine": False}
            one = WoeBinner(**coarse).fit(X[:, [j]], is_bad).spec_.variables[0].cuts
            with contextlib.redirect_stderr(io.StringIO()):
                other = (
                    WoeBinner(**coarse, solver="optbinning").fit(X[:, [j]], is_bad).spec_.variables[0].cuts
                )
            other_value, _ = clean_information_value(X[:, j], is_bad, np.array(other))
            if other_value > 0:
                same.append(clean_information_value(X[:, j], is_bad, np.array(one))[0] / other_value)
    free, strong = np.array(free), np.array(informative)
    print(
        f"  IV over optbinning's, same pre-bins ({len(same)} variables): min {min(same):.6f}, median {np.median(same):.6f}"
    )
    print(
        f"  IV over optbinning's, free pre-bins: median {np.median(free):.5f}, min {free.min():.4f} ({len(free)} variables); IV > 0.01: min {free[strong].min():.5f}, median {np.median(free[strong]):.5f} ({strong.sum()} variables)"
    )


def benchmark_categorical(n_rows: int, passes: int) -> None:
    optbinning = quiet_optbinning()
    rng = np.random.default_rng(3)
    code = rng.integers(0, 40, n_rows)
    is_bad = (rng.random(n_rows) < 0.05 + 0.1 * rng.random(40)[code]).astype(int)
    kinds = {
        "of one width": [f"category {k:02d}" for k in range(40)],
        "of many widths": [f"purpose {'x' * (k % 9)} {k:02d}" for k in range(40)],
    }
    for kind, names in kinds.items():
        text = pd.Series(np.array(names)[code])
        values = text.astype(object).to_numpy()
        ours_s, peer_s, ours_cpu, peer_cpu = [], [], [], []
        for _ in range(passes):
            best = min(
                (timed(lambda text=text: WoeBinner().fit(text.to_frame("c"), is_bad))[0], CPU[-1])
                for _ in range(3)
            )
            ours_s.append(best[0])
            ours_cpu.append(best[1])
            peers = [optbinning.OptimalBinning(dtype="categorical", **LIMITS) for _ in range(3)]
            best = min(
                (timed(lambda peer=peer, values=values: peer.fit(values, is_bad))[0], CPU[-1])
                for peer in peers
            )
            peer_s.append(best[0])
            peer_cpu.append(best[1])
        print(
            f"categorical {n_rows:,} rows of text {kind}, 40 categories: ours {statistics.median(ours_s):.4f} s, optbinning {seconds_of(peer_s)} s, ratio by pass {ratios_of(peer_s, ours_s)} (best of 3 in each pass on both sides); in processor time {ratios_of(peer_cpu, ours_cpu)}"
        )


class PolarsPeer:
    """Polars expressions of the same bins in another process, one transform per call."""

    def __init__(self, X, variables, folder):
        self.folder = Path(folder)
        np.save(self.folder / "X.npy", X)
        (self.folder / "bins.json").write_text(json.dumps([self._plain(one) for one in variables]))
        python = PEERS / "scorecards" / "bin" / "python"
        script = Path(__file__).parent / "polars_transform.py"
        self.process = subprocess.Popen(
            [str(python), str(script), folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.version = self.process.stdout.readline().strip()

    @staticmethod
    def _plain(one):
        at = one.missing_index
        specials = [
            (code, one.woe[at + 1 + k]) for k, special in enumerate(one.specials) for code in special.codes
        ]
        return {
            "cuts": one.cuts,
            "woe": one.woe[: one.n_regular],
            "missing": one.woe[at],
            "specials": specials,
        }

    def seconds(self, what="time"):
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def result(self):
        self.seconds("check")
        return np.load(self.folder / "polars.npy")

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def benchmark_transform(n_rows: int, passes: int) -> None:
    optbinning = quiet_optbinning()
    X, is_bad = synthetic(n_rows, 20)
    names = [f"x{j}" for j in range(20)]
    part = slice(0, 100_000)
    binner = WoeBinner(special_codes=(SPECIAL,)).fit(X[part], is_bad[part])
    process = optbinning.BinningProcess(
        names, special_codes=[SPECIAL], binning_fit_params=dict.fromkeys(names, LIMITS)
    )
    process.fit(X[part], is_bad[part])
    points = points_of(binner)
    has_polars = (PEERS / "scorecards" / "bin" / "python").exists()
    with tempfile.TemporaryDirectory() as folder:
        polars = PolarsPeer(X, binner.spec_.variables, folder) if has_polars else None
        if polars is not None:
            np.testing.assert_array_equal(polars.result(), binner.transform(X))
        ours_s, points_s, peer_s, polars_s = [], [], [], []
        for _ in range(passes):
            ours_s.append(min(timed(lambda: binner.transform(X))[0] for _ in range(3)))
            points_s.append(min(timed(lambda: points(X))[0] for _ in range(3)))
            if polars is not None:
                polars_s.append(min(polars.seconds() for _ in range(3)))
            peer_s.append(
                timed(
                    lambda: process.transform(
                        X, metric="woe", metric_missing="empirical", metric_special="empirical"
                    )
                )[0]
            )
        if polars is not None:
            polars.close()
    print(
        f"transform {n_rows:,} x 20 to WoE: ours {seconds_of(ours_s)} s (to whole points {seconds_of(points_s)} s), optbinning {seconds_of(peer_s)} s, ratio by pass {ratios_of(peer_s, ours_s)} (points {ratios_of(peer_s, points_s)})"
    )
    if polars is None:
        print("  Polars not run: .peers/scorecards does not exist (make peers)")
    else:
        print(
            f"  {polars.version}, equal to ours to the last bit: {seconds_of(polars_s)} s, ratio by pass {ratios_of(polars_s, ours_s)} (best of 3 in each pass on both sides)"
        )


def points_of(binner):
    """Return a function to whole points of every variable (WoE times a factor, rounded), through the same look-up."""
    tables = [np.round(np.array(one.woe) * 28.85) for one in binner.spec_.variables]

    def transform(X):
        result = np.empty(X.shape, order="F")
        for j, variable in enumerate(binner.spec_.variables):
            look_up(variable, tables[j], X[:, j], result[:, j])
        return result

    return transform


def benchmark_row(n_calls: int, passes: int) -> None:
    from sklearn.linear_model import LogisticRegression

    optbinning = quiet_optbinning()
    X, is_bad = synthetic(30_000, 20)
    names = [f"x{j}" for j in range(20)]
    frame = pd.DataFrame(X, columns=names)
    card = Scorecard(
        min_information_value=0.0,
        max_p_value=1.0,
        max_correlation=1.0,
        binner=WoeBinner(special_codes=(SPECIAL,)),
    ).fit(frame, is_bad)
    process = optbinning.BinningProcess(names, special_codes=[SPECIAL])
    peer = optbinning.Scorecard(
        binning_process=process,
        estimator=LogisticRegression(),
        scaling_method="pdo_odds",
        scaling_method_params={"pdo": 20, "odds": 50, "scorecard_points": 600},
    )
    peer.fit(frame, is_bad)
    scorer, rows = RowScorer(card.spec_), frame.head(1000).to_dict("records")
    ours_us, peer_us = [], []
    for _ in range(passes):
        taken = [timed(lambda row=row: scorer(row))[0] for _ in range(n_calls // 1000) for row in rows]
        ours_us.append(np.percentile(taken, [50, 99]) * 1e6)
        one_rows = [frame.iloc[[at]] for at in range(100)]
        taken = [timed(lambda one=one: peer.score(one))[0] for one in one_rows]
        peer_us.append(np.percentile(taken, [50, 99]) * 1e6)
    ours, other = min(ours_us, key=lambda t: t[0]), min(peer_us, key=lambda t: t[0])
    n = len(card.spec_.feature_names)
    print(
        f"one row, dictionary in, points, PD and reasons out, {n} of 20 variables on our card: p50 {ours[0]:.1f} us, p99 {ours[1]:.1f} us; optbinning Scorecard.score on a ready one-row frame (20 variables): p50 {other[0]:.0f} us, p99 {other[1]:.0f} us; ratio {other[0] / ours[0]:.0f} (p50, best of {passes} passes)"
    )


def ratios_of(peer, ours) -> list[float]:
    return [round(p / o, 1) for o, p in zip(ours, peer, strict=True)]


def seconds_of(values) -> str:
    return f"{statistics.median(values):.3f}"


def main() -> None:
    from binning_auc import benchmark_auc

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=[], help=f"{' '.join(PARTS)}; default all")
    parser.add_argument("--n-rows", type=int, default=300_000)
    parser.add_argument("--n-columns", type=int, default=100)
    parser.add_argument("--passes", type=int, default=5)
    chosen = parser.parse_args()
    parts = chosen.parts or PARTS
    print(
        f"Python {platform.python_version()}, numpy {np.__version__}, pandas {pd.__version__}, optbinning {version('optbinning')}, scikit-learn {version('scikit-learn')}, xgboost {xgboost.__version__}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if "fit" in parts:
            benchmark_fit(chosen.n_rows, chosen.n_columns, chosen.passes)
        if "fit-million" in parts:
            benchmark_fit(1_000_000, 20, chosen.passes)
        if "categorical" in parts:
            benchmark_categorical(300_000, chosen.passes)
        if "transform" in parts:
            benchmark_transform(1_000_000, chosen.passes)
        if "row" in parts:
            benchmark_row(10_000, 5)
        if "auc" in parts:
            data = os.environ.get("CREDIT_RISK_BENCHMARK_DATA")
            if data is None:
                print("auc: not run, CREDIT_RISK_BENCHMARK_DATA is not set")
            else:
                benchmark_auc(Path(data))


if __name__ == "__main__":
    main()
