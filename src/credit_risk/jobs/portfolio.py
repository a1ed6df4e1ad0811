"""The decided portfolio as tables: what the report, the tracker and the closing table show, and what must hold."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from credit_risk.domain.money import Currency
from credit_risk.errors import PolicyError
from credit_risk.jobs.run import MODELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from credit_risk.decision.record import Decision

_LOWEST_APPROVAL, _HIGHEST_APPROVAL = 0.20, 0.80
_MIN_LIMITS, _MIN_PRICES, _MIN_SPREAD = 5, 10, 0.03


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Portfolio:
    """Decisions in columns; amounts in major currency units, NaN where there is no offer.

    Attributes
    ----------
    frame : DataFrame, one row per decision
        ``outcome, score, pd_scorecard, pd_booster, pd, limit_amount, contract_rate, effective_rate, nominal_rate``
        and the parts of the expected profit.
    decisions : sequence of Decision
        The records themselves.
    is_bad : bool ndarray
        The outcome of each customer.
    """

    frame: pd.DataFrame = field(repr=False)
    decisions: Sequence[Decision] = field(repr=False)
    is_bad: NDArray[np.bool_] = field(repr=False)

    @classmethod
    def of(cls, decisions: Sequence[Decision], *, is_bad: NDArray[np.bool_]) -> Portfolio:
        """Lay decisions out in columns."""
        rows = [_columns(decision) for decision in decisions]
        index = pd.Index([decision.application_id for decision in decisions], name="application_id")
        return cls(frame=pd.DataFrame(rows, index=index), decisions=decisions, is_bad=is_bad)

    def scored(self) -> Portfolio:
        """Return the part that could be scored (all but the incomplete)."""
        rows = self.frame["pd"].notna().to_numpy()
        kept = [decision for decision, keep in zip(self.decisions, rows, strict=True) if keep]
        return Portfolio(frame=self.frame[rows], decisions=kept, is_bad=self.is_bad[rows])

    @property
    def is_approved(self) -> NDArray[np.bool_]:
        """Whether each application was approved."""
        return (self.frame["outcome"] == "approve").to_numpy()

    def figures(self) -> dict[str, float]:
        """Return the portfolio's key figures."""
        approved = self.frame[self.is_approved]
        return {
            "n_decided": float(len(self.frame)),
            "n_incomplete": float((self.frame["outcome"] == "incomplete").sum()),
            "n_approved": float(len(approved)),
            "approval_rate": float(self.is_approved.mean()),
            "bad_rate": float(self.is_bad.mean()),
            "bad_rate_approved": float(self.is_bad[self.is_approved].mean()) if len(approved) else np.nan,
            "mean_limit_amount": float(approved["limit_amount"].mean()),
            "mean_contract_rate": float(approved["contract_rate"].mean()),
            "mean_nominal_rate": float(approved["nominal_rate"].mean()),
            "mean_effective_rate": float(approved["effective_rate"].mean()),
            "highest_effective_rate": float(approved["effective_rate"].max()),
            "n_distinct_limits": float(approved["limit_amount"].nunique()),
            "n_distinct_prices": float(approved["contract_rate"].nunique()),
            "expected_loss_amount": float(approved["expected_loss_amount"].sum()),
            "expected_profit_amount": float(approved["expected_profit_amount"].sum()),
        }

    def outcomes(self) -> pd.DataFrame:
        """Return the number of decisions by outcome."""
        counts = self.frame["outcome"].value_counts()
        return pd.DataFrame({"outcome": counts.index, "n": counts.to_numpy()})

    def reasons(self) -> pd.DataFrame:
        """Return how many declined or referred applicants were given each reason."""
        counted: Counter[tuple[str, str]] = Counter()
        texts = {}
        for decision in self.decisions:
            if decision.outcome == "approve":
                continue
            for reason in decision.reasons:
                key = (reason.kind, reason.code)
                counted[key] += 1
                texts[key] = {language: reason.sentence(language) for language in ("en", "zh-CN")}
        ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
        rows = [{"code": f"{key[0]}.{key[1]}", "n": n, "text": texts[key]} for key, n in ranked]
        return pd.DataFrame(rows, columns=["code", "n", "text"])

    def profit(self) -> pd.DataFrame:
        """Return the parts of the expected profit of all approved loans; they add up to it."""
        totals = self.frame[self.is_approved].sum(numeric_only=True)
        return pd.DataFrame(
            [
                {"component": "interest", "amount": totals["interest_value_amount"]},
                {"component": "funding", "amount": -totals["funding_cost_amount"]},
                {"component": "operating", "amount": -totals["operating_cost_amount"]},
                {"component": "expected_loss", "amount": -totals["expected_loss_amount"]},
            ]
        )

    def check(self) -> None:
        """Refuse a portfolio no lender should run: the strategy's data would be wrong.

        Raises
        ------
        PolicyError
            Too few or too many are approved, or limits and prices hardly differ (``CR-POL-010``); or as :meth:`check_terms`
            (``CR-POL-011``).
        """
        for notice in self.notices():
            raise PolicyError(notice, code="CR-POL-010")
        self.check_terms()

    def notices(self) -> tuple[str, ...]:
        """Return what is odd about the strategy's outcome on this population; nothing if nothing is."""
        share = float(self.is_approved.mean())
        found = []
        if not _LOWEST_APPROVAL <= share <= _HIGHEST_APPROVAL:
            found.append(
                f"The strategy approves {share:.1%} of {len(self.frame)} applications. Expected 20 % to 80 %. "
                "Hint: its costs, cut-off or bound on expected loss do not fit this population."
            )
        approved = self.frame[self.is_approved]
        prices = approved["contract_rate"]
        spread = float(prices.max() - prices.min()) if len(approved) else 0.0
        n_limits, n_prices = approved["limit_amount"].nunique(), prices.nunique()
        if n_limits < _MIN_LIMITS or n_prices < _MIN_PRICES or spread < _MIN_SPREAD - 1e-12:
            found.append(
                f"The strategy gives {n_limits} distinct limits and {n_prices} distinct prices over {spread:.4f}. "
                f"Expected at least {_MIN_LIMITS}, {_MIN_PRICES} and {_MIN_SPREAD}."
            )
        return tuple(found)

    def check_terms(self) -> None:
        """Refuse limits that rise or prices that fall as PD rises.

        Raises
        ------
        PolicyError
            They do (``CR-POL-011``).
        """
        _check_monotone(self.frame[self.is_approved].sort_values("pd", kind="stable"))


def _check_monotone(approved: pd.DataFrame) -> None:
    """Check limits and prices along PD; customers of equal PD must have equal terms."""
    limit, price, risk = (approved[name].to_numpy() for name in ("limit_amount", "contract_rate", "pd"))
    same = np.diff(risk) == 0
    n_rising = int((np.diff(limit) > 0).sum() + (same & (np.diff(limit) != 0)).sum())
    n_falling = int((np.diff(price) < 0).sum() + (same & (np.diff(price) != 0)).sum())
    if n_rising or n_falling:
        raise PolicyError(
            f"Along rising PD, limits rise {n_rising} times and prices fall {n_falling} times among {len(approved)} "
            "approved loans. Expected never.",
            code="CR-POL-011",
        )


def _columns(decision: Decision) -> dict[str, object]:
    offer = decision.offers[0] if decision.offers else None
    unit = float(Currency.of(offer.currency).to_major(1)) if offer else np.nan
    amounts = {
        name: getattr(offer, f"{name}_minor") * unit if offer else np.nan
        for name in ("interest_value", "funding_cost", "operating_cost", "expected_loss", "expected_profit")
    }
    return {
        "outcome": decision.outcome,
        "score": np.nan if decision.score is None else decision.score,
        "pd": np.nan if decision.pd is None else decision.pd,
        **{f"pd_{model}": decision.pds.get(model, np.nan) for model in MODELS},
        "limit_amount": offer.amount_minor * unit if offer else np.nan,
        "contract_rate": float(offer.annual_rate) if offer else np.nan,
        "nominal_rate": offer.nominal_rate if offer else np.nan,
        "effective_rate": offer.effective_rate if offer else np.nan,
        **{f"{name}_amount": amount for name, amount in amounts.items()},
    }
