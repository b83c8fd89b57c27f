"""The pytest plugin: its fixtures in this file, and in the project of a user who opted in."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from jwtmr import TokenValidator
from jwtmr.errors import LegacyIssuerRetired
from jwtmr.testing import RegionalIssuer, SettableClock

pytest_plugins = ["jwtmr.testing.plugin"]


def test_the_validator_stands_in_the_middle_of_a_migration(
    regional_issuer: RegionalIssuer, jwt_validator: TokenValidator, settable_clock: SettableClock
) -> None:
    """It accepts tokens from before and after the switch, until a day of the issuer's clock has gone by."""
    assert regional_issuer.clock is settable_clock
    legacy = regional_issuer.access_token(expires_in=200_000)
    assert jwt_validator.validate(legacy).issuer_kind == "legacy"
    regional_issuer.switch_to_updated()
    assert jwt_validator.validate(regional_issuer.id_token()).issuer_kind == "current"
    settable_clock.advance(timedelta(days=1).total_seconds() - 1)
    assert jwt_validator.validate(legacy).issuer_kind == "legacy"
    settable_clock.advance(1)
    with pytest.raises(LegacyIssuerRetired):
        jwt_validator.validate(legacy)


def test_the_issuer_has_two_regions_and_is_not_switched(regional_issuer: RegionalIssuer) -> None:
    """The pool is one with a replica, as it is before its migration."""
    assert len(regional_issuer.regions) == 2
    assert regional_issuer.current_issuer == regional_issuer.original_issuer
    assert regional_issuer.count() == 0


USER_TEST = """
import threading
import pytest

seen = []

def test_first(regional_issuer, jwt_validator):
    jwt_validator.validate(regional_issuer.access_token())
    seen.append((regional_issuer, jwt_validator))

def test_everything_is_fresh(regional_issuer, jwt_validator):
    issuer, validator = seen[0]
    assert issuer.user_pool_id != regional_issuer.user_pool_id
    with pytest.raises(RuntimeError, match="closed"):
        validator.validate(issuer.access_token())

def test_nothing_runs_on():
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("jwtmr-testing")]
"""


@pytest.mark.slow
def test_a_user_opts_in_and_gets_fresh_fixtures(tmp_path: Path) -> None:
    """In a project that names the plugin each test has its own issuer and validator, closed after it."""
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["jwtmr.testing.plugin"]\n')
    (tmp_path / "test_user.py").write_text(USER_TEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    command = [sys.executable, "-X", "dev", "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


def test_testing_works_without_pytest() -> None:
    """Who uses the issuer outside of tests needs no pytest: only the plugin imports it."""
    script = "import sys, jwtmr.testing; assert not {'pytest', '_pytest'} & sys.modules.keys()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
