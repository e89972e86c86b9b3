"""Texts of which only values differ are masked once; the others each by itself."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from batchdrain.failures import fingerprints
from batchdrain.failures.token_keys import key_of, rough_key_of

WORDS = [
    "error", "error:", "Error", "exit", "code", "status:", "returned", "GET", "POST", "http", "HTTP/1.1", "user", "job", "and", "from", "for",
    "of", "Jan", "ms", "no", "such", "table:", "unknown", "KeyError:", "failed", "*", "with", "is", "errno", "warning", "signal", "x=1", "got", "OperationalError:", "SQLSTATE[HY000]",
]  # fmt: skip
VALUES = [
    "5", "404", "404:", "12345", "123456", "E0001", "TS2322:", "ABCDE", "0123456789ab", "0123456789ab:", "/v2/runs/42/detail", "/srv", "host-1.example.org",
    "https://a.example/v1/9", "httpd/x1/longer", "12%", "137/SIGKILL", "worker-123456.cluster", "Ledger99", "(0123456789abcdef)", "\x00\x01", "v" * 130, "7.5", "(404)", "[2002]", "(1049,", "3:0", "-1073741819", "0x80070002", "١٢٣", "ExitCode=3:0",
    "(https://a.example/v1/123)", "hash-0123456789ab", "deadbeefcafe0", "a1..bcdefghijklm", "1234567890123a:", "1234567890123:", "(1234567890123", "Src/app/part_12.py:7", "src/app/part_12.py:7",
    "missing-0123456789", "x_123456789/v2.FooError", "0123456789ab)", "http:/x/123456789", "ünter-0123456789", "a=b0123456789012", "1.2.3.4.5.6.7.8.9.10",
]  # fmt: skip
TOKENS = st.lists(st.sampled_from(WORDS) | st.sampled_from(VALUES), min_size=1, max_size=7)


@given(st.lists(TOKENS, min_size=1, max_size=3))
@example([["error", "12345"], ["error", "54321"]])
@example([["GET", "/v2/runs/42/detail"], ["GET", "/v2/jobs/42/detail"]])
@example([["GET", "httpd/runs/42", "404"], ["GET", "httpd/runs/42", "500"]])
@example([["HTTP/1.1", "404"], ["HTTP/1.1", "500"]])
@example([["404:", "x"], ["405:", "x"]])
@example([["failed", "with", "404"], ["failed", "with", "500"]])
@example([["GET", "/v2/runs", "404"], ["GET", "/v2/runs", "500"]])
@example([["OperationalError:", "(1049,", "x"], ["OperationalError:", "(1045,", "x"]])
@example([["SQLSTATE[HY000]", "[2002]", "x"], ["SQLSTATE[HY000]", "[2003]", "x"]])
@example([["server", "(404)"], ["server", "(503)"]])
@example([["got", "404"], ["got", "503"]])
@example([["/no/such/place/123:", "table:", "orders"], ["/no such/place/123", "table:", "orders"]])
@example([["job-0123456789abcdef", "not", "found:", "", "orders"], ["job-not found-456789abc", "", "x:", "", "orders"]])
@example([["GET", "/v2/runs/42/detail"], ["GE", "/v2/runs/42/detail"], ["GET", "/v3/jobs/42/detail"]])
@example([["job-0123456789abcdef", "unknown:", "orders"], ["job-unknown-456789abcdef:", "table:", "orders"]])
def test_what_is_known_by_its_key_is_masked_as_it_would_be_anew(texts: list[list[str]]) -> None:
    for tokens in texts:
        message = " ".join(tokens)
        assert fingerprints.mask_message(message) == fingerprints._mask(message.split(), message)


def test_texts_of_which_only_values_differ_are_known_by_one_key() -> None:
    fingerprints._known.clear()
    for number in range(100_000, 100_050):
        fingerprints.mask_message(f"job-{number:012x} on worker-{number}.cluster.local timed out after {number} s")
    assert len(fingerprints._known) == 1


@given(st.sampled_from(VALUES) | st.from_regex(r"\A\(?[a-z0-9_./:@+~-]{10,16}[,;:.)]{0,2}\Z"))
def test_what_the_rough_key_takes_for_a_value_is_one_for_the_other_too(token: str) -> None:
    if rough_key_of(token) == "\n":
        assert key_of([token]) in ("\n", "\x1c")
