"""Categories and fingerprints: of the text alone, in linear time, whatever the text."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import batchdrain.failures
from batchdrain.failures.categories import CATEGORIES, Categoriser, categorise, make_own_rule
from batchdrain.failures.excerpt import LONGEST, excerpt, gist_of, says_nothing
from batchdrain.failures.fingerprints import LONGEST as MARK_CHARS
from batchdrain.failures.fingerprints import cluster_id_of, fingerprint
from batchdrain.failures.former_fingerprints import former_fingerprint, renew_former
from batchdrain.failures.suffix import add_suffix, describe_end, fit, strip_suffix

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
        ("boom [exit code 1; log: a/b]", "boom [exit 2]"),
        ("boom [killed by signal 9 with 8 MiB and 0.1 s of CPU; log: a [b]/c]", "boom [signal 9: KILL, 8 MiB, 0.1 s of CPU]"),
        ("boom [killed by signal 9; log: a/b]", "boom [signal 40]"),
        ("boom [exit 4; result file: reason is a number, not a text: 5]", "boom"),
        ("boom [exit 4]   ", "boom [no exit code]"),
        ("boom [exit 4] [exit code 1; log: a/b]", "boom"),
        (
            "Timed out after 3 s (limit: --phase-timeout) [signal 15: TERM]",
            "Timed out after 600 s (limit: timeout.default_s)",
        ),
        (
            "Timed out after 3 s (limit: 3 x p95 of 5 durations of run type 'a) b'): built 3 of 9",
            "Timed out after 3 s (limit: timeout.default_s of profile 'throughput'): built 4 of 9",
        ),
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
        ("refused: retries=5", "refused: workers=5"),
        ("refused: mode=append", "refused: mode=replace"),
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


@pytest.mark.parametrize(
    "before",
    [
        "timed out after * limit timeout.default_s",
        "timed out after * limit timeout.default_s doubled after a timeout",
        "timed out after * limit timeout.min_s above * x * of * durations of run type * after other failures",
        "timed out after * limit * x * of * durations of run type * * times that because the command asked for time",
    ],
)
def test_the_fingerprint_of_a_timeout_that_an_earlier_version_kept_is_found_again(before: str) -> None:
    now = former_fingerprint("Timed out after 3 s (limit: --phase-timeout)")
    assert renew_former(before) == now == "timed out after *"


def test_where_there_is_no_room_the_words_are_cut_and_not_how_the_command_ended() -> None:
    assert fit("0123456789" * 5 + " [exit 4]", 20) == "01234567890 [exit 4]"
    assert fit("boom [signal 9: KILL, 812 MiB, 3.2 s of CPU]", 12) == "boom"
    assert add_suffix("x" * 50, "exit 4", most=30) == "x" * 21 + " [exit 4]"


def test_a_command_that_repeats_an_older_reason_does_not_make_it_grow() -> None:
    assert add_suffix("boom [exit 1]", "exit 1", most=99) == "boom [exit 1]"


def test_a_signal_is_told_by_number_and_name() -> None:
    assert describe_end(None, 9, 3.21, 831_488) == "signal 9: KILL, 812 MiB, 3.2 s of CPU"
    assert (describe_end(None, 40), describe_end(4, None), describe_end(None, None)) == (
        "signal 40",
        "exit 4",
        "no exit code",
    )


def test_suffixes_without_end_are_all_taken_off() -> None:
    assert strip_suffix("boom" + " [exit code 1; log: a]" * 80_000) == "boom"
    assert strip_suffix("boom" + " [exit 1]" * 80_000) == "boom"


@given(st.text(max_size=400))
def test_every_text_has_a_category_and_a_fingerprint(text: str) -> None:
    assert categorise(text) in CATEGORIES
    assert fingerprint(text) == fingerprint(text)
    assert len(cluster_id_of(fingerprint(text))) == 10


@given(st.text(max_size=200), st.integers(0, 255), st.text(alphabet=st.characters(exclude_characters="\n"), max_size=60))
def test_our_own_suffix_is_taken_off_again(text: str, code: int, problem: str) -> None:
    plain = strip_suffix(text)
    assume(not says_nothing(plain))  # of one that says nothing it tells unlike ends apart
    for end in (describe_end(code, None), describe_end(None, code, 3.2, 831_000), describe_end(None, None)):
        assert strip_suffix(add_suffix(plain, end, problem, most=100_000)) == plain
        assert fingerprint(add_suffix(plain, end, problem, most=100_000)) == fingerprint(plain)


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


@pytest.mark.parametrize("where", ["head", "tail"])
def test_of_a_long_text_its_beginning_and_its_end_are_looked_at(where: str) -> None:
    filling = "\n".join(f"step {number} went on" for number in range(20_000))
    said = "error: connection reset by peer"
    text = f"{said}\n{filling}" if where == "head" else f"{filling}\n{said}"
    part = excerpt(text)
    assert len(part) == LONGEST + 1
    assert (part.startswith(said) or part.endswith(said), text.startswith(part[:4_000]), text.endswith(part[-4_000:])) == (
        True,
    ) * 3
    assert (categorise(text), fingerprint(text)) == ("transient", fingerprint(said))
