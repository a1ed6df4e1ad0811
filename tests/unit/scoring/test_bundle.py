"""The reference bundle loads, repeats its bytes, and refuses what does not belong together."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from credit_risk.domain.digest import canonical_json, sha256_of
from credit_risk.errors import GovernanceError, PolicyError, SpecificationError
from credit_risk.features import CustomAggregate, FeatureDefinition, register_aggregate
from credit_risk.features.aggregates import AGGREGATES, CUSTOM, TOKENS
from credit_risk.ml import ForestSpec
from credit_risk.scoring import ScoringBundle, load_bundle

from .conftest import PROJECT, REFERENCE


def test_saving_again_gives_the_same_bytes(bundle, tmp_path):
    bundle.save(tmp_path / "copy")
    for path in sorted(REFERENCE.iterdir()):
        assert (tmp_path / "copy" / path.name).read_bytes() == path.read_bytes(), path.name
    assert load_bundle(tmp_path / "copy").digest == bundle.digest


def test_the_approved_digest_is_demanded(bundle):
    assert load_bundle(REFERENCE, expected_digest=bundle.digest).digest == bundle.digest
    with pytest.raises(GovernanceError, match="another bundle than the one that was approved"):
        load_bundle(REFERENCE, expected_digest="0" * 64)


def test_lineage_leads_from_feature_to_source_to_purpose(bundle):
    lineage = json.loads((REFERENCE / "lineage.json").read_text(encoding="utf-8"))
    assert {row["feature"] for row in lineage} == set(bundle.features.names)
    assert {row["consent_purpose"] for row in lineage} == {"credit_assessment"}
    assert all(
        row["columns"]
        for row in lineage
        if row["source"] != "application" and "records" not in row["feature"]
    )


def test_no_protected_or_outcome_column_is_anywhere_in_the_lineage():
    used = {
        column for row in json.loads((REFERENCE / "lineage.json").read_text()) for column in row["columns"]
    }
    assert used & {"SEX", "MARRIAGE", "AGE", "EDUCATION", "default_next_month"} == set()


def test_the_bundle_holds_no_path_clock_or_host(bundle):
    content = b"".join(bundle.files().values()).decode("utf-8", errors="ignore")
    for trace in ("/home/", "/root/", "/work/", "/tmp/", "hostname", "2026-11"):  # noqa: S108
        assert trace not in content


def test_content_that_is_not_a_bundle_is_refused(tmp_path):
    folder = tmp_path / "bundle"
    shutil.copytree(REFERENCE, folder)
    (folder / "strategy.json").write_bytes(b"{}\n")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["strategy.json"] = sha256_of(b"{}\n")
    (folder / "manifest.json").write_bytes(canonical_json(manifest))
    with pytest.raises(GovernanceError, match="cannot be understood"):
        load_bundle(folder)


def _build(bundle: ScoringBundle, **changes) -> ScoringBundle:
    parts = {
        "models": [bundle.scorecard, bundle.booster],
        "calibrations": bundle.calibrations,
        "strategy": bundle.strategy,
        "contracts": bundle.contracts,
    }
    return ScoringBundle.build(bundle.features, **{**parts, **changes})


def test_building_from_its_parts_gives_the_same_digest(bundle):
    assert _build(bundle).digest == bundle.digest


def test_a_recalibrated_bundle_is_another_one_and_decides_by_the_new_pd(bundle, tmp_path):
    request = json.loads(
        (PROJECT / "examples" / "uci_credit_card" / "request.json").read_text(encoding="utf-8")
    )
    old = bundle.calibrations["scorecard"]
    other = bundle.recalibrated({"scorecard": replace(old, intercept=old.intercept + 0.4)})
    assert other.digest != bundle.digest
    assert other.calibrations["booster"] == bundle.calibrations["booster"]
    assert bundle.calibrations["scorecard"] == old
    other.save(tmp_path / "other")
    again = load_bundle(tmp_path / "other", expected_digest=other.digest)
    before, after = (one.decide(request["application"], request["records"]) for one in (bundle, again))
    assert after.pds["scorecard"] > before.pds["scorecard"]
    assert after.score == before.score
    changed = [name for name, content in other.files().items() if bundle.files()[name] != content]
    assert changed == ["calibration.json"]


def test_a_calibration_of_an_unknown_model_or_another_horizon_is_refused(bundle):
    old = bundle.calibrations["scorecard"]
    with pytest.raises(SpecificationError, match=r"CR-BND-009.*'scorecrad'.*scorecard"):
        bundle.recalibrated({"scorecrad": old})
    with pytest.raises(PolicyError, match="CR-POL-001"):
        bundle.recalibrated({"scorecard": replace(old, horizon="3m")})


def test_one_model_of_each_kind_is_needed(bundle):
    with pytest.raises(
        SpecificationError,
        match="exactly one scorecard and one booster, and at most one blend of them. Got 2, 0",
    ):
        _build(bundle, models=[bundle.scorecard, bundle.scorecard])


def test_a_model_without_calibration_is_refused(bundle):
    with pytest.raises(SpecificationError, match="booster has no calibration"):
        _build(bundle, calibrations={"scorecard": bundle.calibrations["scorecard"]})


def test_a_pd_of_another_horizon_is_refused(bundle):
    wrong = {**bundle.calibrations, "booster": replace(bundle.calibrations["booster"], horizon="24m")}
    with pytest.raises(PolicyError, match="'booster' gives a PD over '24m'"):
        _build(bundle, calibrations=wrong)


def test_a_model_with_a_feature_outside_the_catalogue_is_refused(bundle):
    names = ("secret", *bundle.booster.feature_names[1:])
    with pytest.raises(SpecificationError, match="1 features outside the catalogue .*'secret'"):
        _build(bundle, models=[bundle.scorecard, replace(bundle.booster, feature_names=names)])


def test_an_unknown_required_source_is_refused(bundle):
    with pytest.raises(SpecificationError, match="'monthly_statement'. Did you mean 'monthly_statements'"):
        _build(bundle, strategy=replace(bundle.strategy, required_sources=("monthly_statement",)))


def test_another_currency_is_refused(bundle):
    strategy = replace(bundle.strategy, lender=replace(bundle.strategy.lender, currency="JPY"))
    with pytest.raises(SpecificationError, match="lends in JPY, but the sources are in TWD"):
        _build(bundle, strategy=strategy)


def test_a_reason_without_a_sentence_is_refused(bundle):
    rules = (replace(bundle.strategy.rules[0], reason="late_payer"), *bundle.strategy.rules[1:])
    with pytest.raises(SpecificationError, match="there is no sentence for the reason 'late_payer'"):
        _build(bundle, strategy=replace(bundle.strategy, rules=rules))


# ---- forged and damaged bundles ------------------------------------------------------------------------------------


def _forge(folder: Path, name: str, change) -> Path:
    """Change one JSON file and make the manifest agree with it, as somebody who edits a bundle would."""
    shutil.copytree(REFERENCE, folder)
    content = json.loads((folder / name).read_text(encoding="utf-8"))
    (folder / name).write_bytes(canonical_json(change(content)))
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"][name] = sha256_of((folder / name).read_bytes())
    (folder / "manifest.json").write_bytes(canonical_json(manifest))
    return folder


def _strategy(**changes):
    return "strategy.json", lambda content: {**content, **changes}


def _costs(**changes):
    return "strategy.json", lambda content: {**content, "costs": {**content["costs"], **changes}}


FORGERIES = {
    "extra key": _strategy(comment="harmless"),
    "other schema inside": _strategy(schema_version=99),
    "lineage emptied": ("lineage.json", lambda content: []),
    "max_pd of 5": _strategy(max_pd=5),
    "max_pd as text": _strategy(max_pd="0.3"),
    "negative loss given default": _costs(lgd=-1),
    "a stage removed": (
        "strategy.json",
        lambda c: {**c, "stages": {k: v for k, v in c["stages"].items() if k != "risk"}},
    ),
    "unknown operator": ("strategy.json", lambda c: {**c, "rules": [{**c["rules"][0], "operator": "~"}]}),
    "unknown outcome": ("strategy.json", lambda c: {**c, "rules": [{**c["rules"][0], "outcome": "banana"}]}),
    "a list for an object": ("calibration.json", lambda content: []),
    "shallower trees": ("booster.json", lambda content: {**content, "depth": 1}),
    "no features": ("features.json", lambda content: {**content, "definitions": []}),
}


@pytest.mark.parametrize("case", FORGERIES)
def test_a_forged_bundle_is_refused_with_one_clear_error(tmp_path, case):
    with pytest.raises(GovernanceError) as caught:
        load_bundle(_forge(tmp_path / "bundle", *FORGERIES[case]))
    assert caught.value.code in {"CR-GOV-003", "CR-GOV-010"}


@pytest.mark.parametrize(
    "damage",
    [
        lambda m: {**m, "schema_version": 1.0},
        lambda m: {**m, "schema_version": -5},
        lambda m: {**m, "format": "x"},
    ],
)
def test_a_manifest_of_another_kind_is_refused(tmp_path, damage):
    shutil.copytree(REFERENCE, tmp_path / "bundle")
    path = tmp_path / "bundle" / "manifest.json"
    path.write_bytes(canonical_json(damage(json.loads(path.read_bytes()))))
    with pytest.raises(GovernanceError, match="CR-GOV-003"):
        load_bundle(tmp_path / "bundle")


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip"])
def test_arrays_that_are_no_archive_are_refused(tmp_path, content):
    shutil.copytree(REFERENCE, tmp_path / "bundle")
    (tmp_path / "bundle" / "booster.npz").write_bytes(content)
    path = tmp_path / "bundle" / "manifest.json"
    manifest = json.loads(path.read_bytes())
    manifest["files"]["booster.npz"] = sha256_of(content)
    path.write_bytes(canonical_json(manifest))
    with pytest.raises(GovernanceError, match="cannot be understood"):
        load_bundle(tmp_path / "bundle")


def test_a_forest_that_leads_nowhere_is_refused(bundle):
    spec = bundle.booster
    for name, array in {
        "leaf_value": np.full_like(spec.leaf_value, np.nan),
        "left": spec.left + np.int32(10**6),
        "right": -spec.right - np.int32(1),
        "threshold": spec.threshold[:-1],
        "roots": spec.roots[:0],
    }.items():
        with pytest.raises(GovernanceError, match="do not describe trees"):
            ForestSpec.from_dict(spec.to_dict(), {**spec.arrays(), name: array})


def test_a_bundle_is_bound_to_the_custom_aggregates_it_was_built_with(bundle, tmp_path):
    def counting(add):
        return CustomAggregate(
            name="counted",
            real_time=lambda values, ages: (len(values) + add, 1),
            batch=lambda values, ages, starts: (np.diff(starts) + add, np.diff(starts) * 0 + 1),
            meaning="records",
        )

    try:
        register_aggregate(counting(0), cases=10)
        extra = FeatureDefinition(
            source="monthly_statements", measure="bill_amt", aggregate="counted", factor="utilisation"
        )
        built = replace(bundle, features=bundle.features.with_features(extra))
        assert built.digest != bundle.digest
        built.save(tmp_path / "bound")
        assert load_bundle(tmp_path / "bound").digest == built.digest
        register_aggregate(counting(1), cases=10, replace=True)
        with pytest.raises(SpecificationError, match="CR-FEA-023: .*'counted', version '1', output digest"):
            load_bundle(tmp_path / "bound")
    finally:
        for register, key in ((AGGREGATES, "counted"), (CUSTOM, "counted"), (TOKENS, "custom counted")):
            register.pop(key, None)
    with pytest.raises(SpecificationError, match="CR-FEA-023: .*none of this name is registered"):
        load_bundle(tmp_path / "bound")
