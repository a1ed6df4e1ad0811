"""The commented ``features.toml``, ``training.toml``, ``strategy.toml`` and ``report.toml`` of a new project."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from credit_risk.jobs.new_project.data_files import key, quoted, word_list

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from credit_risk.sources.contract import ColumnContract

_ADULT_BANDS = (18, 25, 30, 35, 40, 50, 60)
_LGD = Decimal("0.55")


_STRATEGY = """# What decides, as data. The report prints it under "Assumptions".
#
# EVERY FIGURE BELOW IS AN ASSUMPTION, not taken from your business: replace cut-off, costs, amounts and rates by your own before
# anybody looks at approvals, limits or profit. Scores, PDs and their evaluation do not depend on this file.

schema_version = 1
id = {name}
version = "1"
decision_model = "scorecard"      # decides and gives the reasons; the booster stands beside as challenger
required_sources = []

[lender]
type = "consumer_finance"         # licensed consumer-finance lender
product = "consumer_loan"
contract_on = 2026-08-20          # the date whose law applies; nothing reads the clock
currency = "{currency}"
offer_is_hypothetical = true      # said on every offer and in the report
# The ceilings on rates that this library knows are those of mainland China. Elsewhere they are an assumption too.

[pd]
model_horizon = {horizon}          # must agree with outcome.toml
exposure_horizon = {horizon}
conversion = "none"

[stages.identity]
status = "not_assessed"
because = "no_identity_data"

[stages.fraud]
status = "not_assessed"
because = "no_fraud_data"

[stages.eligibility]
status = "assessed"

[stages.risk]
status = "assessed"

[stages.affordability]
status = "not_assessed"
because = "income_unknown"

[stages.offer]
status = "assessed"

[risk]
max_pd = {max_pd}                     # ASSUMED: the bad rate of the table; decline above

[costs]                           # ASSUMED; rates per year on the contractual balance
funding_rate = 0.025
operating_rate = 0.015
margin_rate = 0.02
fixed_cost_amount = {fixed}           # {currency} per loan
lgd = {lgd}                        # share of the balance lost at default

[offer]
method = "equal_instalment"
n_instalments = {months}
# ASSUMED so that an applicant of average risk can have about two fifths of the largest amount: limits fall as PD rises
max_expected_loss_amount = {most_loss}

[offer.amounts]                   # ASSUMED: {why}
min = {low}
max = {high}
step = {step}

[offer.annual_rates]              # ASSUMED; cells above the lawful ceiling drop out, none is clipped
min = 0.06
max = 0.24
step = 0.0025

[assumptions]                     # what no key above says; the report adds law, costs, horizon, stages, consent and split by itself
en = [
  "Cut-off, costs, loss given default, amounts and rates were written by 'credit-risk init' as a start; they are nobody's policy.",
  "The offers show how the process works, not what these applicants were or should be offered.",
]
zh-CN = [
  "截止线、成本、违约损失率、金额和利率均由“credit-risk init”作为起点写入，不是任何机构的政策。",
  "报价仅演示流程，不代表这些申请人曾经或应当获得的条件。",
]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountGrid:
    """Amounts on offer in a new project, in the currency, and where they come from."""

    low: Decimal
    high: Decimal
    step: Decimal
    why: str

    @classmethod
    def of(cls, name: str, low: Decimal, high: Decimal) -> AmountGrid:
        """Return a grid over the middle of an amount column, on round numbers.

        Examples
        --------
        >>> grid = AmountGrid.of("amount", Decimal(932), Decimal(7179))
        >>> (int(grid.low), int(grid.high), int(grid.step))
        (900, 7100, 100)
        """
        step = Decimal(10) ** (high.adjusted() - 1)
        rounded_low = max(step, (low // step) * step)
        return cls(
            low=rounded_low,
            high=max((high // step) * step, rounded_low + 10 * step),
            step=step,
            why=f"the middle four fifths of the column {name}",
        )


FALLBACK_GRID = AmountGrid(
    low=Decimal(1000), high=Decimal(20_000), step=Decimal(500), why="no column looks like an amount"
)


def features_toml(
    columns: Sequence[ColumnContract], *, name: str, sources: Mapping[str, str] | None = None
) -> str:
    """Return one feature for every attribute of the application form, and the number of records of every source.

    Parameters
    ----------
    sources : mapping of str to str, optional
        Source of records -> the purpose its contract holds consent for.
    """
    parts = [
        f"""# Features: declared once, computed by notebook, batch and backend alike.
#
# risk says how the risk is expected to move as the value rises: rises, falls, or open (let the data say; words have no order).
# Setting it where you know it makes the models steadier and their reasons easier to defend.
# missing says what it means that the value is missing.

name = {quoted(name)}
version = "1"
owner = ""
consent_purpose = "credit_assessment"

# ---- business factors: what an officer reads over a chart, and what an applicant reads as a reason; write them well ----

[factors.no_history]
label = {{ en = "Missing answers", zh-CN = "缺失信息" }}
reason = {{ en = "An answer on the application form is missing.", zh-CN = "申请表中有信息缺失。" }}
"""
    ]
    parts += [_factor(column.name) for column in columns]
    parts += [_factor(source) for source in sources or {}]
    parts.append("# ---- features ----\n")
    parts += [_feature(column) for column in columns]
    parts += [_count(source, purpose) for source, purpose in (sources or {}).items()]
    return "\n".join(parts)


def _factor(name: str) -> str:
    words = name.replace("_", " ")
    return f"""[factors.{key(name)}]
label = {{ en = {quoted(words)}, zh-CN = {quoted(words)} }}
reason = {{ en = {quoted(f"The answer on: {words}.")}, zh-CN = {quoted(f"申请信息：{words}。")} }}
"""


def _feature(column: ColumnContract) -> str:
    what = f", one of {len(column.codes)} words" if column.kind == "code" else ""
    missing = '\nmissing = "Not answered"' if column.nullable else ""
    return f"""[[features]]
source = "application"
measure = {quoted(column.name)}
factor = {quoted(column.name)}
risk = "open"
meaning = {quoted(column.name.replace("_", " ") + what)}{missing}
"""


def _count(source: str, purpose: str) -> str:
    return f"""[[features]]
source = {quoted(source)}
consent_purpose = {quoted(purpose)}
aggregate = "count"
windows = ["30d", "180d"]
factor = {quoted(source)}
risk = "open"
meaning = {quoted(f"Records of {source.replace('_', ' ')} in {{window}}")}
"""


def training_toml(n_bads: int, processed_at: datetime | None = None) -> str:
    """Return how the sample is cut and the settings of both models; with a ledger of consents, also when it is processed."""
    small = (
        f"# {n_bads} bads are few: small trees and a short card. Intervals in the report will be wide.\n"
        if n_bads < 1000
        else ""
    )
    depth, features = (3, 12) if n_bads < 1000 else (4, 20)
    consent = (
        f"""
[consent]             # consent withdrawn by this moment is no consent; nothing reads the clock, so set it before each run
processed_at = {processed_at.isoformat()}
"""
        if processed_at
        else ""
    )
    return f"""# How the sample is cut, and the settings of both models; what is not given keeps the library's defaults.

[split]               # fit on development, calibrate on validation, judge and decide on holdout
by = "customer"       # "time" makes the latest applications the holdout: they need moments of application
development = 0.5
validation = 0.2
holdout = 0.3
{consent}
{small}[scorecard]
pdo = 20              # points that double the odds
base_score = 600
base_odds = 50        # goods per bad at base_score
max_features = {features}

[booster]
max_rounds = 1000
max_depth = {depth}
learning_rate = 0.05
n_inner_folds = 3
seed = 20051001
"""


def strategy_toml(*, name: str, currency: str, horizon: str, bad_rate: float, grid: AmountGrid) -> str:
    """Return a strategy that is honest about being an assumption throughout."""
    max_pd = min(max(round(bad_rate, 2), 0.02), 0.5)
    average_loss = Decimal(str(max(bad_rate, 0.001))) * _LGD * Decimal("0.55")
    most_loss = (average_loss * grid.high * Decimal("0.4")).quantize(Decimal(1)) or Decimal(1)
    fixed = (grid.high * Decimal("0.0015")).quantize(Decimal(1))
    return _STRATEGY.format(
        name=quoted(name),
        currency=currency,
        horizon=quoted(horizon),
        months=horizon.removesuffix("m"),
        max_pd=max_pd,
        fixed=fixed,
        lgd=_LGD,
        most_loss=most_loss,
        why=grid.why,
        low=f"{grid.low:f}",
        high=f"{grid.high:f}",
        step=f"{grid.step:f}",
    )


def report_toml(held: Sequence[ColumnContract], *, title: str, subtitle: str) -> str:
    """Return titles and the words for protected groups."""
    parts = [
        f"""# Titles of the report, and the words of its fairness table. Translate what is written twice.

[title]
en = {quoted(title)}
zh-CN = {quoted(title)}

[subtitle]
en = {quoted(subtitle + " The loan offers are hypothetical.")}
zh-CN = {quoted(subtitle + " 贷款报价为假设。")}
"""
    ]
    if not held:
        parts.append(
            "# No protected attribute is held, so the report has no fairness table; see sources.toml, role.\n"
        )
    return "\n".join([*parts, *(_attribute(column) for column in held)])


def _attribute(column: ColumnContract) -> str:
    words = quoted(column.name.replace("_", " "))
    head = f"[attributes.{key(column.name)}]\nlabel = {{ en = {words}, zh-CN = {words} }}\n"
    if column.kind != "code":
        bands = word_list(_ADULT_BANDS)
        return f"{head}bands = {bands}   # GUESSED: lower bounds of the groups\n"
    groups = "".join(
        f"{key(str(code))} = {{ en = {quoted(str(code))}, zh-CN = {quoted(str(code))} }}\n"
        for code in column.codes
    )
    return f"{head}\n[attributes.{key(column.name)}.groups]\n{groups}"
