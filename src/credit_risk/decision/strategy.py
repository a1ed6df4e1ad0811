"""A strategy: everything a lender decides by, as data.

Read from TOML (:meth:`Strategy.from_toml`), carried in the bundle as JSON, printed in the report. Reading order: the small
records from top to bottom, then :class:`Strategy`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from credit_risk.decision.record import Reason
from credit_risk.decision.strategy_checks import check_strategy
from credit_risk.domain.configuration import ConfigTable, read_toml
from credit_risk.domain.texts import LANGUAGES
from credit_risk.errors import PolicyError, SpecificationError

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA_VERSION = 1
STAGES = ("identity", "fraud", "eligibility", "risk", "affordability", "offer")
OPERATORS = ("<", "<=", ">", ">=", "==", "one_of", "none_of")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lender:
    """Who lends, what, under which date's law.

    ``contract_on`` is the contract date that ceilings are looked up for; nothing reads the clock.
    """

    type: str
    product: str
    contract_on: str
    currency: str
    offer_is_hypothetical: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PdPolicy:
    """How the models' horizon becomes the loan's.

    ``conversion`` is ``"none"`` (the horizons must be equal) or ``"taken_as_term"`` (a stated assumption: the model's PD
    is used as the PD over the loan's term).
    """

    model_horizon: str
    exposure_horizon: str
    conversion: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StagePolicy:
    """Whether a stage is assessed, and if not, why (a text key)."""

    status: str
    because: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One eligibility rule on one feature; the applicant fails where the comparison holds.

    ``value`` is a number; on a feature that is a word out of a list it is that word (``==``) or a tuple of words (``one_of``,
    ``none_of``): words have no order, so they are never compared by place.
    ``when_missing`` says what an unknown value means: ``"pass"``, ``"decline"`` or ``"refer"``, and ``reason_when_missing``
    what the applicant is then told, because the rule's own reason would claim something nobody observed.

    ``wording`` and ``wording_when_missing`` are the lender's own sentences, pairs of language and sentence; without them the
    text catalogue must have one for the reason.
    """

    id: str
    stage: str
    feature: str
    operator: str
    value: float | str | tuple[str, ...]
    outcome: str
    when_missing: str
    reason: str
    reason_when_missing: str | None = None
    wording: tuple[tuple[str, str], ...] = ()
    wording_when_missing: tuple[tuple[str, str], ...] = ()

    @property
    def told(self) -> Reason:
        """What the applicant is told where the rule holds."""
        return Reason(kind="rule", code=self.reason, wording=self.wording)

    @property
    def told_when_missing(self) -> Reason | None:
        """What the applicant is told where the value is missing; None where a missing value passes."""
        if self.reason_when_missing is None:
            return None
        return Reason(kind="rule", code=self.reason_when_missing, wording=self.wording_when_missing)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Everything the rule can tell an applicant."""
        return (self.told,) if self.told_when_missing is None else (self.told, self.told_when_missing)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; own sentences stand there only where they are given."""
        own = ("wording", "wording_when_missing")
        return {name: value for name, value in asdict(self).items() if value or name not in own}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Rule:
        """Rebuild a rule from :meth:`to_dict`."""
        return cls(**{name: _frozen(value) for name, value in content.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class CostPolicy:
    """What a loan costs the lender; rates per year on the contractual balance, the fixed cost per loan."""

    funding_rate: float
    operating_rate: float
    margin_rate: float
    fixed_cost_amount: str
    lgd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferPolicy:
    """The grid offers are chosen from; amounts and rates as exact decimal texts.

    ``max_expected_loss_amount`` is the most a single loan may lose in expectation: it is what makes the limit fall as PD
    rises.
    """

    method: str
    n_instalments: int
    amounts: tuple[str, ...]
    annual_rates: tuple[str, ...]
    max_expected_loss_amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """Stages, rules, cut-off, costs, offer grid and stated assumptions of one lender.

    Attributes
    ----------
    decision_model : str
        Whose PD decides and whose points give the reasons; the other models stand beside as challengers.
    max_pd : float
        Decline above.
    refer_above_pd : float or None
        A person decides above, up to ``max_pd``.
    required_sources : tuple of str
        Without them a decision is ``incomplete``.
    assumptions : mapping of language to tuple of str
        Printed in the report.
    """

    id: str
    version: str
    decision_model: str
    lender: Lender
    pd: PdPolicy
    stages: Mapping[str, StagePolicy]
    required_sources: tuple[str, ...]
    rules: tuple[Rule, ...]
    max_pd: float
    refer_above_pd: float | None
    costs: CostPolicy
    offer: OfferPolicy
    assumptions: Mapping[str, tuple[str, ...]]

    def __post_init__(self) -> None:
        check_strategy(self)

    @classmethod
    def from_toml(cls, path: str | Path) -> Strategy:
        """Read a strategy; every key is checked.

        Raises
        ------
        SpecificationError
            A key is missing, unknown, of the wrong type or out of range (``CR-CFG-*``, ``CR-STR-*``).
        PolicyError
            The PD's horizon is not the loan's (``CR-POL-001``).
        """
        table = read_toml(Path(path))
        try:
            strategy = _read_strategy(table)
        except (SpecificationError, PolicyError) as error:
            if table.where in error.message:
                raise
            raise type(error)(f"{table.where}: {error.message}", code=error.code) from error
        table.finish()
        return strategy

    @property
    def not_assessed(self) -> tuple[str, ...]:
        """Stages that nobody assesses; the fact stands on every decision."""
        return tuple(stage for stage in STAGES if self.stages[stage].status == "not_assessed")

    def check_horizon(self, model: str, horizon: str) -> None:
        """Refuse a model whose PD horizon the strategy does not expect.

        Raises
        ------
        PolicyError
            The horizon differs and no conversion is stated (``CR-POL-001``).
        """
        if horizon != self.pd.model_horizon:
            raise PolicyError(
                f"Model {model!r} gives a PD over {horizon!r}; strategy {self.id!r} expects {self.pd.model_horizon!r}. "
                "Hint: recalibrate the model, or state the horizon in [pd].",
                code="CR-POL-001",
            )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        rules = tuple(rule.to_dict() for rule in self.rules)
        return {"schema_version": SCHEMA_VERSION, **asdict(self), "rules": rules}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Strategy:
        """Rebuild a strategy from :meth:`to_dict`."""
        return cls(
            id=content["id"],
            version=content["version"],
            decision_model=content["decision_model"],
            lender=Lender(**content["lender"]),
            pd=PdPolicy(**content["pd"]),
            stages={name: StagePolicy(**stage) for name, stage in content["stages"].items()},
            required_sources=tuple(content["required_sources"]),
            rules=tuple(Rule.from_dict(rule) for rule in content["rules"]),
            max_pd=content["max_pd"],
            refer_above_pd=content["refer_above_pd"],
            costs=CostPolicy(**content["costs"]),
            offer=OfferPolicy(
                **{
                    **content["offer"],
                    "amounts": tuple(content["offer"]["amounts"]),
                    "annual_rates": tuple(content["offer"]["annual_rates"]),
                }
            ),
            assumptions={language: tuple(lines) for language, lines in content["assumptions"].items()},
        )


# ---- reading -----------------------------------------------------------------------------------------------------


def _read_strategy(table: ConfigTable) -> Strategy:
    _check_schema(table)
    risk = table.table("risk")
    max_pd = _share(risk, "max_pd")
    refer_above = _share(risk, "refer_above_pd") if "refer_above_pd" in risk else None
    risk.finish(["refer_above_pd"])
    assumptions = table.table("assumptions")
    texts = {language: assumptions.texts(language) for language in ("en", "zh-CN")}
    assumptions.finish()
    return Strategy(
        id=table.take("id", str),
        version=table.take("version", str),
        decision_model=table.take("decision_model", str),
        lender=_read_lender(table.table("lender")),
        pd=_read_pd(table.table("pd")),
        stages=_read_stages(table.table("stages")),
        required_sources=table.texts("required_sources", ()),
        rules=tuple(_read_rule(rule) for rule in table.tables("rules")),
        max_pd=max_pd,
        refer_above_pd=refer_above,
        costs=_read_costs(table.table("costs")),
        offer=_read_offer(table.table("offer")),
        assumptions=texts,
    )


def _check_schema(table: ConfigTable) -> None:
    version = table.take("schema_version", int)
    if version != SCHEMA_VERSION:
        raise SpecificationError(
            f"{table.where}: schema_version = {version} is not supported. Expected {SCHEMA_VERSION}.",
            code="CR-STR-001",
        )


def _read_lender(table: ConfigTable) -> Lender:
    lender = Lender(
        type=table.take("type", str),
        product=table.take("product", str),
        contract_on=table.take("contract_on", date).isoformat(),
        currency=table.take("currency", str),
        offer_is_hypothetical=table.get("offer_is_hypothetical", bool, default=False),
    )
    table.finish()
    return lender


def _read_pd(table: ConfigTable) -> PdPolicy:
    policy = PdPolicy(
        model_horizon=table.take("model_horizon", str),
        exposure_horizon=table.take("exposure_horizon", str),
        conversion=table.choice("conversion", ("none", "taken_as_term"), "none"),
    )
    table.finish()
    return policy


def _read_stages(table: ConfigTable) -> dict[str, StagePolicy]:
    stages = {}
    for name in STAGES:
        stage = table.table(name)
        status = stage.choice("status", ("assessed", "not_assessed"))
        stages[name] = StagePolicy(status=status, because=stage.get("because", str, "") or None)
        stage.finish()
    table.finish()
    return stages


def _read_rule(table: ConfigTable) -> Rule:
    rule = Rule(
        id=table.take("id", str),
        stage=table.choice("stage", ("eligibility",)),
        feature=table.take("feature", str),
        operator=table.choice("operator", OPERATORS),
        value=_rule_value(table),
        outcome=table.choice("outcome", ("decline", "refer"), "decline"),
        when_missing=table.choice("when_missing", ("pass", "decline", "refer")),
        reason=table.take("reason", str),
        reason_when_missing=table.get("reason_when_missing", str, "") or None,
        wording=_wording(table, "wording"),
        wording_when_missing=_wording(table, "wording_when_missing"),
    )
    table.finish(["wording", "wording_when_missing"])
    return rule


def _rule_value(table: ConfigTable) -> float | str | tuple[str, ...]:
    """Return a number, a word, or the words of a list, as the operator asks for."""
    if table.take("operator", str) in ("one_of", "none_of"):
        return table.texts("value")
    if table.holds("value", str):
        return table.take("value", str)
    return float(table.take("value", Decimal))


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list | tuple) else value


def _wording(table: ConfigTable, key: str) -> tuple[tuple[str, str], ...]:
    """Return a lender's own sentences in every language, or nothing where there are none."""
    if key not in table:
        return ()
    sentences = table.table(key)
    found = tuple((language, sentences.take(language, str)) for language in LANGUAGES)
    sentences.finish()
    return found


def _read_costs(table: ConfigTable) -> CostPolicy:
    costs = CostPolicy(
        funding_rate=_share(table, "funding_rate"),
        operating_rate=_share(table, "operating_rate"),
        margin_rate=_share(table, "margin_rate"),
        fixed_cost_amount=str(_not_negative(table, "fixed_cost_amount")),
        lgd=_share(table, "lgd"),
    )
    table.finish()
    return costs


def _read_offer(table: ConfigTable) -> OfferPolicy:
    method = table.choice("method", ("equal_instalment",))
    n_instalments = table.take("n_instalments", int)
    rates = _steps(table.table("annual_rates"))
    policy = OfferPolicy(
        method=method,
        n_instalments=n_instalments,
        amounts=_steps(table.table("amounts")),
        annual_rates=rates,
        max_expected_loss_amount=str(_not_negative(table, "max_expected_loss_amount")),
    )
    table.finish()
    return policy


def _steps(table: ConfigTable) -> tuple[str, ...]:
    """Return min, min + step, ... up to max, as exact decimal texts."""
    low, high, step = (_not_negative(table, key) for key in ("min", "max", "step"))
    table.finish()
    if step <= 0 or high < low or (high - low) % step:
        raise SpecificationError(
            f"{table.where}: expected min <= max, step > 0 and max on a step. Got min {low}, max {high}, step {step}.",
            code="CR-STR-003",
        )
    return tuple(str(low + step * i) for i in range(int((high - low) / step) + 1))


def _share(table: ConfigTable, key: str) -> float:
    return float(table.take(key, Decimal))


def _not_negative(table: ConfigTable, key: str) -> Decimal:
    value = table.take(key, Decimal)
    if value < 0:
        raise SpecificationError(f"{table.where}: {key} = {value} must not be negative.", code="CR-STR-003")
    return value
