"""Runs recorded in an embedded store: nested trials, versions of a bundle, an alias that moves, a bundle that comes back."""

from __future__ import annotations

import pytest

from credit_risk.errors import GovernanceError
from credit_risk.governance import BundleRegistry, MlflowTracker
from credit_risk.scoring import load_bundle

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's own


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("tracking")


@pytest.fixture(scope="module")
def reference(project_folder):
    return project_folder / "models" / "uci-reference"


@pytest.fixture(scope="module", autouse=True)
def no_server():
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        yield


@pytest.fixture(scope="module")
def tracker(folder):
    return MlflowTracker(folder=folder, experiment="unit")


@pytest.fixture(scope="module")
def run_ids(tracker, reference):
    facts = {"parameters": {"depth": 3}, "tags": {}, "artefacts": [], "bundle": reference}
    return [tracker.record(run_name=f"run {n}", metrics={"auc": 0.7 + n / 100}, **facts) for n in (1, 2)]


def test_the_champion_comes_back_as_it_was_recorded(folder, run_ids, reference):
    registry = BundleRegistry(folder=folder, name="cards")
    versions = [registry.register(run_id) for run_id in run_ids]
    assert versions == [1, 2]
    for version in (1, 2):
        registry.promote(version)
        assert registry.version() == version
    assert registry.load().digest == load_bundle(reference).digest


def test_trials_of_a_search_are_nested_in_its_run(tracker, run_ids):
    trials = [{"settings": {"max_depth": depth}, "auc": 0.6 + depth / 100} for depth in (1, 2)]
    outer = tracker.record_search("search", parameters={"seed": 1}, trials=trials)
    runs = tracker.runs()
    nested = runs[runs["outer_run_id"] == outer]
    assert sorted(nested["inner_auc"]) == [0.61, 0.62]
    assert runs.set_index("name").loc["search", "n_trials"] == 2
    assert runs.set_index("name").loc["search", "inner_auc"] == 0.62
    assert set(run_ids) < set(runs["run_id"])


def test_a_version_or_alias_that_is_not_there_is_said_to_be(folder, run_ids):
    registry = BundleRegistry(folder=folder, name="absent")
    with pytest.raises(GovernanceError, match="The bundle could not be loaded at 'sqlite"):
        registry.load()
    with pytest.raises(GovernanceError, match="The alias could not be set"):
        registry.promote(7)
    with pytest.raises(GovernanceError, match="The alias could not be read"):
        registry.version(alias="challenger")
    with pytest.raises(GovernanceError, match="could not be registered"):
        registry.register("0" * 32)
