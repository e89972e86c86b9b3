"""Numbers that say what failed stay in a fingerprint; numbers that say how much do not."""

from __future__ import annotations

import pytest

from batchdrain.failures.fingerprints import fingerprint


@pytest.mark.parametrize("code", ["1", "75", "137", "503"])
def test_a_code_of_up_to_three_digits_tells_failures_apart(code: str) -> None:
    assert fingerprint(f"it ended with exit code {code}") == f"it ended with exit code {code}"
    assert fingerprint(f"HTTP status {code} from the server") == f"http status {code} from the server"


@pytest.mark.parametrize("number", ["1234", "50331", "1-2", "12.5"])
def test_a_longer_number_is_a_value_and_tells_none_apart(number: str) -> None:
    """Each request has another: as codes they would make a cluster of each failure."""
    assert fingerprint(f"refused with code {number} today") == "refused with code * today"
