"""The closing table: what was found and where everything lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from credit_risk.jobs.main_job import DemoResult

_WIDTH = 24


def closing_table(result: DemoResult) -> str:
    """Return a plain table for a terminal."""
    rows = [
        (
            model.name,
            f"AUC {model.auc:.4f} [{model.auc_low:.4f}, {model.auc_high:.4f}]   "
            f"KS {model.ks:.4f} [{model.ks_low:.4f}, {model.ks_high:.4f}]",
        )
        for model in result.evaluation.models
    ]
    found = result.figures
    rows += [
        ("customers", f"{int(found['n_decided'])} on holdout, bad rate {found['bad_rate']:.2%}"),
        (
            "approved",
            f"{found['approval_rate']:.1%} of them; bad rate of the approved {found['bad_rate_approved']:.2%}"
            if found["n_approved"]
            else "nobody: see the strategy",
        ),
        *(_terms(result) if found["n_approved"] else []),
        ("parity", f"{result.n_parity} of {result.n_parity} real-time decisions equal the batch, all fields"),
        ("features", f"{result.n_features} computed, {len(result.card_features)} on the card"),
        ("bundle digest", result.bundle_digest),
        ("decisions digest", result.decisions_digest),
        ("report", str(result.output / "report.html")),
        ("model document", str(result.output / "model_document.json")),
        ("decisions", str(result.output / "decisions.parquet")),
        ("bundle", str(result.output / "bundle")),
        ("tracked run", result.tracked_at or "tracking is off"),
        *(("ATTENTION", notice) for notice in result.notices),
    ]
    line = "-" * 100
    return "\n".join([line, *(f"{name:<{_WIDTH}}{value}" for name, value in rows), line])


def _terms(result: DemoResult) -> list[tuple[str, str]]:
    """Return what the approved are offered."""
    found = result.figures
    return [
        (
            "limits",
            f"mean {result.currency} {found['mean_limit_amount']:,.0f}; {int(found['n_distinct_limits'])} distinct, "
            "none rises with PD",
        ),
        (
            "prices",
            f"mean effective rate {found['mean_effective_rate']:.2%}, highest {found['highest_effective_rate']:.2%}; "
            f"{int(found['n_distinct_prices'])} distinct, none falls with PD",
        ),
        (
            "expected profit",
            f"{result.currency} {found['expected_profit_amount']:,.0f} (hypothetical offers)",
        ),
    ]
