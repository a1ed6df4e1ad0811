"""The reference bundle loads, repeats its bytes, and refuses what does not belong together."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest

from credit_risk.domain.digest import canonical_json, sha256_of
from credit_risk.errors import GovernanceError, PolicyError, SpecificationError
from credit_risk.scoring import ScoringBundle, load_bundle

from .conftest import REFERENCE


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


def test_one_model_of_each_kind_is_needed(bundle):
    with pytest.raises(SpecificationError, match="exactly one scorecard and one booster. Got 2 and 0"):
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


def test_an_unknown_decision_model_is_refused(bundle):
    with pytest.raises(SpecificationError, match="decision_model = 'oracle' is not in the bundle"):
        _build(bundle, strategy=replace(bundle.strategy, decision_model="oracle"))
