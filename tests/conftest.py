"""Fixtures for every test: where the real data and the browser are, and what must be the same on every machine.

Belongs here: what two or more test folders need. A fixture for one folder stands in a conftest of that folder.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parent.parent
REAL_DATA = (ROOT / os.environ.get("TRELLIS_REAL_DATA", "../shared/data")).resolve()
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")

# No test sends anything anywhere; instances that Dagster makes for a test read no dagster.yaml, so the environment says it.
os.environ["DAGSTER_DISABLE_TELEMETRY"] = "true"
os.environ["GX_ANALYTICS_ENABLED"] = "false"

# The same examples on every run, and no limit on time: a busy machine must not turn a test red. The profile
# `thorough` (environment variable HYPOTHESIS_PROFILE) searches deeper.
hypothesis.settings.register_profile("quick", max_examples=25, deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.register_profile("thorough", max_examples=2_000, deadline=None, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.fixture(scope="session", autouse=True)
def _own_dagster_home(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests write no runs into the checkout's Dagster storage."""
    os.environ["DAGSTER_HOME"] = str(tmp_path_factory.mktemp("dagster_home"))


@pytest.fixture
def real_data(request: pytest.FixtureRequest) -> Callable[[str], Path]:
    """Path of one real data set by its folder's name, or a skip that says where it was looked for."""
    if request.node.get_closest_marker("real") is None:
        pytest.fail("a test that reads real data is marked @pytest.mark.real, so that it can be chosen and left out")

    def find(name: str) -> Path:
        path = REAL_DATA / name
        if not path.exists():
            pytest.skip(f"real data {name!r} is not in {REAL_DATA}; set TRELLIS_REAL_DATA to the folder that holds it")
        return path

    return find


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of an installed Chromium for playwright's `executable_path`, or a skip that says what to install."""
    found = next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium on the path; on Debian and Ubuntu: apt install chromium")
    return found
