"""Categories and fingerprints: of the text alone, in linear time, whatever the text."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

import batchdrain.failures
from batchdrain.failures.categories import CATEGORIES, Categoriser, categorise, make_own_rule
from batchdrain.failures.excerpt import LONGEST, add_suffix, excerpt, gist_of, strip_suffix
from batchdrain.failures.fingerprints import LONGEST as MARK_CHARS
from batchdrain.failures.fingerprints import cluster_id_of, fingerprint

LABELLED = [
    ("unknown", None),
    ("unknown", ""),
    ("unknown", " \n\t"),
    ("unknown", "Unknown error"),
    ("unknown", "FAILED"),
    ("transient", "npm ERR! network ECONNRESET: request to registry failed"),
    ("transient", "curl: (6) Could not resolve host: example.org"),
    ("transient", "botocore.exceptions.ClientError: (ThrottlingException) Rate exceeded"),
    ("transient", "urllib3.exceptions.ReadTimeoutError: Read timed out. (read timeout=15)"),
    ("transient", "HTTP/1.1 504 Gateway Timeout"),
    ("transient", "ERROR 1205 (HY000): Lock wait timeout exceeded; try restarting transaction"),
    ("transient", "error: RPC failed; curl 56 GnuTLS recv error"),
    ("transient", "dial tcp 10.0.0.7:5432: i/o timeout"),
    ("transient", "sqlite3.OperationalError: database table is locked"),
    ("transient", "FATAL: the database system is starting up"),
    ("transient", "GET https://pkg.example/x returned HTTP/2 502"),
    ("transient", "Could not get lock /var/lib/pkg/lock"),
    ("collection", "ERROR collecting tests/test_ledger.py"),
    ("collection", "Module not found: Error: Can't resolve './ledger' in '/srv/web'"),
    ("collection", "collected 4 items / 1 error"),
    ("collection", "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'left' imported from /srv/x.mjs"),
    ("collection", "fatal error: Traceback\nImportError: cannot import name 'x' from 'y'"),
    ("collection", "java.lang.ClassNotFoundException: org.example.Main"),
    ("deliverable", "Required deliverable docs/guide.pdf is missing"),
    ("deliverable", "Expected output report.csv was not created"),
    ("patch", "error: patch does not apply"),
    ("patch", "Automatic merge failed; fix conflicts and then commit the result."),
    ("patch", "2 out of 3 hunks FAILED"),
    ("patch", "error: Your local changes would be overwritten by merge: a.py"),
    ("timeout", "canceling statement due to statement timeout"),
    ("timeout", "Job failed: execution took longer than 1h0m0s"),
    ("timeout", "Timed out after 600 s (limit: timeout.default_s)"),
    ("timeout", "Job exceeded the maximum execution time of 30 minutes"),
    ("timeout", "slurmstepd: error: *** STEP 7 CANCELLED DUE TO TIME LIMIT ***"),
    ("timeout", "timeout of 600 s exceeded"),
    ("timeout", "Error: Timeout of 2000ms exceeded. For async tests, ensure done() is called"),
    ("timeout", "the timeout of 5 minutes was reached"),
    ("timeout", "execution timeout"),
    ("transient", "read timeout of 30 s exceeded"),
    ("collection", "collected 0 items"),
    ("other", "collected 10 items, 2 failed"),
    ("other", "the timeout of 600 s is too low for this job: raise it"),
    ("other", "KeyError: 'customer'"),
    ("other", "404 Client Error: Not Found for url: http://localhost/x"),
    ("other", "No space left on device"),
    ("other", "write of the deliverable: no space left on device"),
    ("other", "Max retries exceeded (certificate verify failed: certificate has expired)"),
    ("other", "unable to access 'https://git.example/x': The requested URL returned error: 403"),
    ("other", "an important file could not be read"),
    ("other", "the dispatcher rejected the despatch"),
    ("other", "3 rows imported, none exported"),
    ("other", "ValueError: invalid value for option --timeout: 'abc'"),
    ("other", "AssertionError: expected 503 rows, got 429"),
]
HOSTILE = ["a" * 1_000_000, "(" * 100_000, "'" * 100_001, "/" * 100_000, "\x00" * 1000, "\udc80\udcff", "\u202eabc", " [exit code " * 50_000,
           "=" * 100_000, "a=" * 50_000, "\x1b[" * 50_000, "1." * 50_000, " [exit code 1; log: a]" * 50_000, "connection " * 50_000, "patch " * 50_000 + "x"]  # fmt: skip


@pytest.mark.parametrize(("category", "text"), LABELLED, ids=lambda value: str(value)[:40])
def test_a_failure_is_of_the_category_that_people_give_it(category: str, text: str | None) -> None:
    assert categorise(text) == category


def test_configured_rules_stand_before_the_built_in_ones() -> None:
    own = Categoriser((make_own_rule("patch", "widget"),))
    assert (own("import of a WIDGET failed"), own("ImportError: x"), own(None)) == ("patch", "collection", "unknown")


@pytest.mark.parametrize(
    ("category", "match", "said"), [("nope", "x", "no category"), ("patch", "(", "no regular expression")]
)
def test_a_bad_rule_is_told(category: str, match: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make_own_rule(category, match)


@pytest.mark.parametrize(
    "pair",
    [
        ("no disk at /data/41", "no disk at /data/7"),
        ("HTTP 503 for url: https://a.example/v1/8812", "HTTP 503 for url: https://b.example/v2/1"),
        ("Process 4711 waits for lock 0xdeadbeef", "Process 52 waits for lock 0xcafebabe"),
        ("took 12.5 ms", "took 7.25 s"),
        ("failed for user alice from 10.0.0.1", "failed for user bob from 10.9.9.9"),
        ("missing: a/b.py, c/d.py, e/f.py", "missing: x/y.py"),
        ("error at 2025-12-28T12:00:00Z", "error at 2026-01-01T00:00:01Z"),
        ("\x1b[31mboom\x1b[0m", "boom"),
        ("boom\n", "  boom"),
        ("boom [exit code 1; log: a/b]", "boom [exit code 2; log: c/d]"),
    ],
)
def test_variable_parts_do_not_change_the_fingerprint(pair: tuple[str, str]) -> None:
    assert fingerprint(pair[0]) == fingerprint(pair[1]) != ""


@pytest.mark.parametrize(
    "pair",
    [
        ("HTTP 503", "HTTP 429"),
        ("exit code 2", "exit code 143"),
        ("disk full", "disk gone"),
        ("KeyError: x", "ValueError: x"),
    ],
)
def test_different_problems_have_different_fingerprints(pair: tuple[str, str]) -> None:
    assert fingerprint(pair[0]) != fingerprint(pair[1])


def test_no_text_has_no_fingerprint() -> None:
    assert fingerprint(None) == fingerprint("") == fingerprint(" \n") == ""


def test_a_traceback_is_judged_by_its_last_exception() -> None:
    text = 'Traceback (most recent call last):\n  File "patch.py", line 3, in <module>\n    import x\nKeyError: 1\n'
    assert gist_of(text) == "KeyError: 1"
    assert categorise(text) == "other"


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:12]))
def test_a_hostile_text_is_cut_and_judged(text: str) -> None:
    assert len(excerpt(text)) <= LONGEST + 1
    assert categorise(text) in CATEGORIES
    assert len(fingerprint(text)) <= MARK_CHARS


def test_suffixes_without_end_are_all_taken_off() -> None:
    assert strip_suffix("boom" + " [exit code 1; log: a]" * 80_000) == "boom"


@given(st.text(max_size=400))
def test_every_text_has_a_category_and_a_fingerprint(text: str) -> None:
    assert categorise(text) in CATEGORIES
    assert fingerprint(text) == fingerprint(text)
    assert len(cluster_id_of(fingerprint(text))) == 10


@given(st.text(max_size=200), st.integers(0, 255), st.text(alphabet=st.characters(exclude_characters="\n"), max_size=60))
def test_our_own_suffix_is_taken_off_again(text: str, code: int, log: str) -> None:
    plain = strip_suffix(text)
    assert strip_suffix(add_suffix(plain, "killed by signal 9 with 812 MiB and 3.2 s of CPU", log)) == plain
    assert strip_suffix(add_suffix(plain, f"exit code {code}", log)) == plain
    assert fingerprint(add_suffix(plain, f"exit code {code}", log)) == fingerprint(plain)


def test_a_fingerprint_is_the_same_in_every_process() -> None:
    text = "KeyError: {'b', 'a'} at 0x7f00"
    code = f"from batchdrain.failures import fingerprint; print(fingerprint({text!r}), end='')"
    found = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True, text=True
        ).stdout
        for seed in ("1", "2")
    }
    assert found == {fingerprint(text)}


def test_the_public_names_are_exactly_these() -> None:
    assert batchdrain.failures.__all__ == ["categorise", "fingerprint"]
