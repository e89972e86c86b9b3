"""What tells two failures apart, and what does not: by general shapes, so each shape with members of different programs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from batchdrain.failures import bare_message, fingerprint, fingerprints, named_things, quoted, token_shapes
from batchdrain.failures.former_fingerprints import former_fingerprint
from batchdrain.failures.kept_fingerprint import FIRST, KeptFingerprint, example_of
from batchdrain.failures.telling_words import TELLING
from batchdrain.model.failure import Failure

OTHER = {
    "codes of HTTP behind 'error:'": (
        "curl: (22) The requested URL returned error: 404",
        "curl: (22) The requested URL returned error: 429",
        "curl: (22) The requested URL returned error: 500",
    ),
    "codes of HTTP elsewhere": (
        "Request failed with status code 404",
        "Request failed with status code 502",
        "upload of part 7: the server answered 503",
        "upload of part 7: the server answered 413",
        "urllib.error.HTTPError: HTTP Error 404: gone",
        "urllib.error.HTTPError: HTTP Error 410: gone",
        "GET https://api-7.example.com/v1/orders/9 returned 404",
        "GET https://api-7.example.com/v1/orders/9 returned 503",
        "HTTPStatusError: Client error '429 Too Many Requests' for url 'http://10.0.0.7/orders/9'",
        "HTTPStatusError: Client error '401 Unauthorized' for url 'http://10.0.0.7/orders/9'",
        "upload of part 7 refused (404)",
        "upload of part 7 refused (503)",
        "[404] cannot fetch https://api.example.com/v1/orders",
        "[503] cannot fetch https://api.example.com/v1/orders",
        "request to https://api.example.com/v1/orders failed with 404",
        "request to https://api.example.com/v1/orders failed with 503",
        "got 502 from upstream",
        "got 504 from upstream",
        'level=error msg="request was refused" status=401',
        'level=error msg="request was refused" status=403',
        '{"message":"request was refused","code":401,"request":"a1b2c3"}',
        '{"message":"request was refused","code":429,"request":"a1b2c3"}',
    ),
    "methods and routes": (
        '"GET /v2/54fadb412c4e40cd/servers/detail HTTP/1.1" status: 500 len: 1893',
        '"POST /v2/54fadb412c4e40cd/servers/detail HTTP/1.1" status: 500 len: 1893',
        '"GET /v2/54fadb412c4e40cd/flavors HTTP/1.1" status: 500 len: 1893',
        '"GET /v2/54fadb412c4e40cd/servers/detail HTTP/1.1" status: 404 len: 1893',
        "PUT https://api.example.com/v1/orders/17/lines failed",
        "DELETE https://api.example.com/v1/orders/17/lines failed",
    ),
    "quoted states": (
        "the instance is in state 'Active'",
        "the instance is in state 'Inactive'",
        "the instance is in state 'CrashLoopBackOff'",
        'expected status "running", and it stayed so',
        'expected status "stopped", and it stayed so',
        "the volume became 'IN_USE'",
        "the volume became 'DELETED'",
    ),
    "states and enumerated words behind a key": (
        "job 17: state=PENDING reason=QOSMaxCpu",
        "job 17: state=FAILED reason=QOSMaxCpu",
        "job 17: state=FAILED reason=NodeDown",
        "main process exited, code=exited, status=1/FAILURE",
        "main process exited, code=exited, status=203/EXEC",
        "main process exited, code=killed, status=9/KILL",
    ),
    "exit codes, signals and errno": (
        "worker 3 ended with exit code 3",
        "worker 3 ended with exit code 137",
        "worker 3 ended with signal 11",
        "worker 3 ended with signal -9",
        "OSError: [Errno 2] at /srv/a",
        "OSError: [Errno 13] at /srv/a",
        "worker 3 ended with exit code -1073741819",
        "worker 3 ended with exit code -1073741510",
        "HRESULT 0x80070005 at start",
        "HRESULT 0x80004005 at start",
        "job 17: ExitCode=3:0",
        "job 17: ExitCode=0:9",
        'OperationalError: (1049, "refused")',
        'OperationalError: (1045, "refused")',
        "SQLSTATE[HY000] [2002] refused",
        "SQLSTATE[HY000] [1045] refused",
        "ERROR 1045 (28000): it was refused",
        "ERROR 1698 (28000): it was refused",
    ),
    "numbers of compilers and linters": (
        "error[E0425]: in `tax`",
        "error[E0308]: in `tax`",
        "src/a.ts(3,5): error TS2304: in 'tax'",
        "src/a.ts(3,5): error TS2345: in 'tax'",
        "a.py:1:1: F401 in 'os'",
        "a.py:1:1: E501 in 'os'",
        "ORA-00942: refused",
        "ORA-01017: refused",
    ),
    "exception classes": (
        "java.io.IOException: broke",
        "java.lang.IllegalStateException: broke",
        "acme.db.OperationalError: broke",
        "ActiveRecord::RecordNotFound: broke",
    ),
    "sentences in quotes": (
        "OperationalError: \"Unknown database 'tax'\"",
        "OperationalError: \"Can't connect to server on '10.0.0.7'\"",
    ),
    "kinds of things": ("unknown table: tax", "unknown column: tax", "module tax not found", "command tax not found"),
    "what JSON documents say, and of what kind": (
        '{"error": {"type": "OSError", "message": "no room"}, "id": 17}',
        '{"error": {"type": "KeyError", "message": "no room"}, "id": 17}',
        '{"error": {"type": "OSError", "message": "no route"}, "id": 17}',
        '[{"msg": "no tax"}]',
    ),
    "an empty list is not a state": ("'NoneType' object has no attribute 'x'", "'Order' object has no attribute 'x'"),
}
SAME = {
    "JSON documents that say the same": (
        '{"message": "disk 7 full", "context": {"message": "retry 3"}, "trace": "4bf92f3577b34da6"}',
        '{"trace": "00f067aa0ba902b7", "message": "disk 12 full"}',
        '\n{\n  "error": {"message": "disk 3 full"},\n  "host": "n17"\n}',
        '[{"errors": [{"detail": "disk 3 full"}]}]',
        '{"message": "disk 7 full", "stack": "' + "at x " * 9,
    ),
    "an address and a name with a number": ("synchronized to LOCAL(0), stratum 10", "synchronized to 10.100.20.250, stratum 3"),
    "dotted names, however they are written": (
        "com.apple.CDScheduler: cannot be scheduled",
        "com.apple.icloud.fmfd.heartbeat: cannot be scheduled",
        "org.example.backup-auto: cannot be scheduled",
        "net.acme.Batch_1: cannot be scheduled",
    ),
    "lists of names of different lengths": (
        "lost contact to nodes n17, n18, n19",
        "lost contact to nodes n17",
        "lost contact to nodes n17 and n18",
        "lost contact to nodes n1, n2, n3, n4, n5, n6, n7 and n8",
        "lost contact to nodes tn[1-4,7]",
    ),
    "lists of words in brackets": ("cannot reach [web, api]", "cannot reach [db, web, mail, api]"),
    "lists of equal phrases": (
        "rejected: protected path: a/b.py",
        "rejected: protected path: c/d.py, protected path: e/f.py, protected path: g/h.py",
    ),
    "lists of values with a word each": (
        "inconsistent: node-31 0x1f <ok>",
        "inconsistent: node-31 0x1f <ok> node-0 0xff <ok> node-7 0x0e <ok>",
    ),
    "ids, hashes, hosts, addresses": (
        "upload of 550e8400-e29b-41d4-a716-446655440000 to db1.prod.example.com:5432 broke",
        "upload of 9f86d081884c7d65 to 10.0.3.17:6432 broke",
        "upload of 0xdeadbeef to [2001:db8::1]:80 broke",
    ),
    "sizes, durations, times": (
        "no answer for 3 s, 12 MB sent",
        "no answer for 17.5 minutes, 3 bytes sent",
        "no answer for 250ms, 9kB sent",
    ),
    "dates": ("it stopped on Mon Jun 13 2025", "it stopped on 2026-01-05", "it stopped on 5 May"),
    "quoted names": ("no role \"tax\" here", "no role 'ledger' here", "no role `order_lines` here", "no role ‘web’ here"),
    "the ids of a route": (
        '"GET /v2/54fadb412c4e40cd/servers/17 HTTP/1.1" status: 500 len: 1893 time: 0.24',
        '"GET /v2/99/servers/4 HTTP/1.1" status: 500 len: 3 time: 1.9',
    ),
    "the subject of what the system says": (
        "cat: tax: No such file or directory",
        "cat: ledger-old: No such file or directory",
        "cat: a/b.txt: No such file or directory",
    ),
    "what is missing": ("no such table: tax", "no such table: order_lines"),
    "the name behind an unknown kind of thing": (
        "Error: Unbound value tax_total in a.ml",
        "Error: Unbound value ledger in a.ml",
        "Error: Unbound value order_lines in b.ml",
    ),
    "the name before what is said of it": ("user tax does not exist", "user ledger does not exist"),
    "the name of a class that is not found": (
        "could not find or load main class Tax (Caused by: java.lang.ClassNotFoundException: Tax)",
        "could not find or load main class Ledger (Caused by: java.lang.ClassNotFoundException: Ledger)",
    ),
    "what conflicts": ("Merge conflict in tax", "Merge conflict in ledger"),
    "what a program guesses": (
        "NameError: name 'tax' is not defined. Did you mean: 'max'?",
        "NameError: name 'ledger' is not defined",
    ),
    "names in quotes in a quoted sentence": (
        "ERROR: \"Unknown database 'tax'\" at start",
        "ERROR: \"Unknown database 'ledger'\" at start",
    ),
    "requirements": ("no version satisfies tax-ledger==41.0", "no version satisfies order>=1"),
    "a name between two prepositions": ("Failed login for alice from 10.0.0.1", "Failed login for bob from 10.9.9.9"),
    "processes with their number": ("make: no rule for 'a'", "make[2]: no rule for 'b'"),
    "options": ("unknown option --tax", "unknown option --ledger-file"),
    "calls with their arguments": ("open(a.txt) refused", "open(/srv/b.csv) refused"),
    "source behind the head of a hunk": (
        "patch does not apply: @@ -1,19 +1,6 @@ logger = logging.getLogger()",
        "patch does not apply: @@ -15,2 +15,6 @@ import os",
    ),
}  # fmt: skip
SOURCE = """Traceback (most recent call last):
  File "{path}", line {line}, in {name}
    {code}
    {carets}
{rule}
ValueError: no rows in '{name}'
"""


@pytest.mark.parametrize("texts", OTHER.values(), ids=OTHER)
def test_what_says_what_failed_tells_failures_apart(texts: tuple[str, ...]) -> None:
    found = [fingerprint(text) for text in texts]
    assert len(set(found)) == len(texts), found


@pytest.mark.parametrize("texts", SAME.values(), ids=SAME)
def test_what_varies_from_one_phase_to_the_next_tells_nothing_apart(texts: tuple[str, ...]) -> None:
    assert len(found := {fingerprint(text) for text in texts}) == 1, found


def test_a_silent_crash_and_a_silent_exit_code_are_two_and_words_are_one_whatever_the_end() -> None:
    ends = ("signal 11: SEGV, 8 MiB, 0.0 s of CPU", "signal 9: KILL, 8 MiB, 0.1 s of CPU", "exit 3", "exit 4")
    silent = [Failure.uncategorised(f"the command failed and printed nothing [{end}]") for end in ends]
    said = [Failure.uncategorised(f"no rows in the ledger [{end}]") for end in ends]
    assert len({failure.fingerprint for failure in silent}) == len(ends)
    assert {failure.fingerprint for failure in said} == {"no rows in the ledger"}
    again = Failure.uncategorised("the command failed and printed nothing [signal 11: SEGV, 99 MiB, 7.1 s of CPU]")
    assert again.fingerprint == silent[0].fingerprint


def test_source_lines_carets_and_rules_of_other_lengths_split_no_whole_texts() -> None:
    texts = [
        SOURCE.format(path=path, line=line, name=name, code=code, carets=carets, rule=rule)
        for path, line, name, code, carets, rule in (
            ("/srv/a.py", 7, "tax", "load(rows)", "~~~~^^^^^^", "----------"),
            ("/app/src/b.py", 1203, "ledger", "return [one for one in rows if one]", "       ^^^^", "-" * 70),
        )
    ]
    assert len({fingerprint(text) for text in texts}) == 1


def test_of_a_list_of_validation_errors_the_fields_name_is_not_all() -> None:
    text = "1 validation error for Order\n{field}\n  {problem} [type={kind}, input_value={value}]\n"
    missing = [
        fingerprint(text.format(field=field, problem="Field required", kind="missing", value="{}"))
        for field in ("tax", "a.b")
    ]
    wrong = fingerprint(text.format(field="tax", problem="Input should be a valid integer", kind="int_type", value="'x'"))
    assert missing[0] == missing[1] != wrong
    assert "field required" in missing[0]


def test_no_rule_of_shapes_names_a_word_that_only_one_program_says() -> None:
    """Words of programs, products and protocols that the labelled texts are of."""
    names = re.compile(
        r"apple|openssh|hadoop|zookeeper|pydantic|curl|slurm|autopack|android|kube|torus|ciod|nova", re.IGNORECASE
    )
    for module in (bare_message, fingerprints, named_things, quoted, token_shapes):
        assert not names.search(Path(module.__file__ or "").read_text()), module.__name__
    assert not names.search(" ".join(TELLING))


def test_a_fingerprint_of_the_first_version_is_found_again_by_the_rules_of_that_version() -> None:
    text = "curl: (22) The requested URL returned error: 404"
    kept = KeptFingerprint(fingerprint=former_fingerprint(text))
    assert kept.version == FIRST
    assert kept.current is None
    assert kept.is_of(text, fingerprint(text))
    assert not kept.is_of("no such table: tax", fingerprint("no such table: tax"))


def test_a_fingerprint_of_other_rules_is_made_anew_of_its_example() -> None:
    text = "curl: (22) The requested URL returned error: 404"
    kept = KeptFingerprint(fingerprint="whatever rules of 99 made of it", version=99, example=text)
    assert kept.current == fingerprint(text)
    assert kept.is_of(text, fingerprint(text))
    other = text.replace("404", "500")
    assert not kept.is_of(other, fingerprint(other))


def test_an_example_has_the_fingerprint_of_its_text_however_long_that_is() -> None:
    long = "step 1 of 3\n" * 500 + 'Traceback (most recent call last):\n  File "a.py", line 1\nValueError: no rows in 7\n'
    example = example_of(long)
    assert len(example) <= 1_000
    assert fingerprint(example) == fingerprint(long) == "valueerror no rows in *"
