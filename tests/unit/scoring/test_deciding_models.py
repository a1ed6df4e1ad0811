"""Any model of a bundle can decide: its PD sets the terms, its own losses give the reasons, in batch as for one applicant."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from credit_risk.blend import BlendSpec
from credit_risk.errors import GovernanceError, SpecificationError
from credit_risk.ml import CategoryEncoding, LeafPaths, forest_contributions
from credit_risk.scorecard.reasons import mean_points
from credit_risk.scoring import FeatureRows, ScoringBundle, load_bundle

BLENDS = {
    "average": BlendSpec(how="average", card_weight=0.5, booster_weight=0.5),
    "correction": BlendSpec(how="correction", card_weight=1.0, booster_weight=1.0),
}


def deciding(bundle, model, how="average"):
    """The reference bundle with another deciding model."""
    blend = BLENDS[how] if model == "blend" else None
    calibrations = {**bundle.calibrations, "blend": bundle.calibrations["scorecard"]}
    return replace(
        bundle,
        strategy=replace(bundle.strategy, decision_model=model),
        blend=blend,
        calibrations=calibrations,
    )


@pytest.fixture(scope="module")
def X(bundle):
    rng = np.random.default_rng(3)
    values = rng.normal(size=(400, len(bundle.features.names))).round(2) * 3
    values[rng.uniform(size=values.shape) < 0.1] = np.nan
    return values


def rows(X):
    return FeatureRows(
        application_ids=[str(i) for i in range(len(X))],
        applied_at=[datetime(2005, 10, 1, tzinfo=UTC)] * len(X),
        X=X,
        flags=[()] * len(X),
    )


@pytest.mark.parametrize("model", ["scorecard", "booster", "blend"])
def test_the_deciding_models_pd_sets_the_cut_off(bundle, X, model):
    own = deciding(bundle, model)
    for decision in own.engine.decide_rows(rows(X)):
        assert decision.decision_model == model
        assert decision.pd == decision.pds[model]
        if decision.decided_at_stage == "risk":
            assert decision.pd > own.strategy.max_pd
            assert decision.reasons


@pytest.mark.parametrize("model", ["scorecard", "booster", "blend"])
def test_one_applicant_gets_what_the_portfolio_gets(bundle, X, model):
    engine = deciding(bundle, model).engine
    together = engine.decide_rows(rows(X[:60]))
    alone = [engine.decide_rows(replace(rows(X[[i]]), application_ids=[str(i)]))[0] for i in range(60)]
    assert together == alone


def test_reasons_of_trees_are_their_contributions_in_points(bundle, X):
    engine = deciding(bundle, "booster").engine
    losses = engine.explain(X).losses
    columns = [bundle.features.names.index(name) for name in bundle.booster.feature_names]
    expected = forest_contributions(LeafPaths.of(bundle.booster), X[:, columns]) * 20 / np.log(2)
    assert np.abs(losses.points - expected).max() <= 0.5 + 1e-9
    assert losses.names == bundle.booster.feature_names
    for reasons in losses.reasons():
        assert all(reason.points_lost > 0 for reason in reasons)
        assert [r.points_lost for r in reasons] == sorted((r.points_lost for r in reasons), reverse=True)


def test_reasons_of_a_blend_add_card_and_trees_characteristic_by_characteristic(bundle, X):
    engine = deciding(bundle, "blend").engine
    losses = engine.explain(X).losses
    card, forest = bundle.scorecard, bundle.booster
    assert losses.names == tuple(dict.fromkeys((*card.feature_names, *forest.feature_names)))
    columns = [bundle.features.names.index(name) for name in forest.feature_names]
    of_trees = forest_contributions(LeafPaths.of(forest), X[:, columns]) * 20 / np.log(2) / 2
    of_card = (mean_points(card) - engine.score(X).card.points) / 2
    n_against = 0
    for j, name in enumerate(losses.names):
        parts = [
            part[:, names.index(name)]
            for part, names in ((of_card, card.feature_names), (of_trees, forest.feature_names))
            if name in names
        ]
        assert np.abs(losses.points[:, j] - sum(parts)).max() <= 0.5 + 1e-9
        if len(parts) == 2:
            n_against += int(((np.maximum(*parts) >= 0.5) & (sum(parts) < 0.5)).sum())
    assert n_against  # where one part takes less than the other gives, the characteristic is no reason


@pytest.mark.parametrize("model", ["scorecard", "booster", "blend"])
def test_a_cut_off_stricter_than_anybody_still_gives_reasons(bundle, X, model):
    own = deciding(bundle, model)
    strict = replace(own, strategy=replace(own.strategy, max_pd=0.0, refer_above_pd=None, rules=()))
    losses = strict.engine.explain(X).losses
    decided = strict.engine.decide_rows(rows(X))
    assert {decision.outcome for decision in decided} == {"decline"}
    for i, decision in enumerate(decided):
        assert 1 <= len(decision.reasons) <= 4
        assert decision.reasons == (losses.reasons()[i] if losses.reasons()[i] else losses.largest(i))
        assert decision.explain("zh-CN").count("\n- ") == len(decision.reasons)


def test_arrays_of_reasons_say_what_the_records_say(bundle, X):
    losses = deciding(bundle, "blend").engine.explain(X).losses
    ranked = losses.ranked()
    for i, reasons in enumerate(losses.reasons()):
        told = [(losses.codes[f], p) for f, p in zip(ranked.factor[i], ranked.lost[i], strict=True) if f >= 0]
        assert told == [(reason.code, reason.points_lost) for reason in reasons]


def test_a_blend_survives_its_bundle(bundle, tmp_path):
    own = deciding(bundle, "blend")
    own.save(tmp_path / "blend")
    loaded = load_bundle(tmp_path / "blend")
    assert loaded.blend == own.blend
    assert loaded.digest == own.digest != bundle.digest
    assert loaded.model_names == ("scorecard", "booster", "blend")


def test_a_correction_has_no_pd_of_the_booster_alone(bundle, X):
    own = deciding(bundle, "blend", "correction")
    assert own.model_names == ("scorecard", "blend")
    assert set(own.engine.score(X).pds) == {"scorecard", "blend"}
    with pytest.raises(SpecificationError, match=r"'booster' is not a model of this bundle"):
        replace(own, strategy=replace(own.strategy, decision_model="booster"))


def test_a_blend_brings_its_parts(bundle):
    class Fitted:
        spec_ = BLENDS["average"]
        card_, booster_ = bundle.scorecard, bundle.booster

    calibrations = {**bundle.calibrations, "blend": bundle.calibrations["scorecard"]}
    parts = {"calibrations": calibrations, "strategy": bundle.strategy, "contracts": bundle.contracts}
    built = ScoringBundle.build(bundle.features, models=[Fitted()], **parts)
    assert built.blend == BLENDS["average"]
    with pytest.raises(SpecificationError, match="2, 1 and 1 among 4 models"):
        ScoringBundle.build(bundle.features, models=[Fitted(), bundle.scorecard], **parts)


def test_a_blend_that_decides_must_be_there_and_calibrated(bundle):
    with pytest.raises(SpecificationError, match=r"'blend' is not a model of this bundle"):
        replace(bundle, strategy=replace(bundle.strategy, decision_model="blend"))
    with pytest.raises(SpecificationError, match="The blend has no calibration"):
        replace(bundle, blend=BLENDS["average"])


def test_a_booster_that_takes_a_number_for_a_word_is_refused(bundle):
    name = bundle.booster.feature_names[0]
    text = CategoryEncoding(feature=name, categories=("a",), values=(0.1,), missing=0.2, unseen=0.2)
    forged = replace(bundle, booster=replace(bundle.booster, encodings=(text,)))
    with pytest.raises(SpecificationError, match=f"booster and the catalogue differ.*first: '{name}'"):
        forged.engine  # noqa: B018


def test_a_bundle_of_the_schema_before_is_refused_with_what_to_do(bundle, tmp_path):
    bundle.save(tmp_path / "old")
    manifest = tmp_path / "old" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"schema_version": 2', '"schema_version": 1'))
    with pytest.raises(GovernanceError, match="build it again with this version"):
        load_bundle(tmp_path / "old")
