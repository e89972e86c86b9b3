"""The line that says what went wrong: by what kind of line it is, whatever the program."""

from __future__ import annotations

import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchdrain.failures import categorise, fingerprint
from batchdrain.failures.excerpt import gist_of
from batchdrain.failures.exit_codes import words_of_silence
from batchdrain.failures.line_kinds import Kind
from batchdrain.failures.meaningful_line import LINE_CHARS, explain, find_line

STDERR = [
    ("frames and a version", "Error: tax table missing\n    at x (/w.js:1:1)\n\nNode.js v20.11.1\n", "Error: tax table missing"),
    ("a name that is no Error", "TaxMissing: no tax\n    at load (/srv/w.js:2:9)\n    at main (/srv/w.js:4:1)\n", "TaxMissing: no tax"),
    ("an exception in a thread", 'Exception in thread "main" org.a.Broken: no tax\n\tat org.a.B.c(B.java:3)\n\t... 4 more\n',
     'Exception in thread "main" org.a.Broken: no tax'),
    ("the root of the causes beside it", 'Exception in thread "main" a.Outer: no tax\n\tat a.B.c(B.java:3)\nCaused by: a.Inner: no disk\n\tat a.B.d(B.java:9)\n\t... 1 more\n',
     'Exception in thread "main" a.Outer: no tax (Caused by: a.Inner: no disk)'),
    ("a traceback", 'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\n    raise Gone("error: x")\nacme.Gone: no tax\n', "acme.Gone: no tax"),
    ("a warning after a traceback", 'Traceback (most recent call last):\n  File "a.py", line 1\n    x\nKeyError: 1\nsys:1: ResourceWarning: unclosed file\n', "KeyError: 1"),
    ("an exception while it closed down", ('Traceback (most recent call last):\n  File "a.py", line 1\n    x\nKeyError: 1\n'
     'Exception ignored in: <function P.__del__>\nTraceback (most recent call last):\n  File "a.py", line 4, in __del__\nRuntimeError: late\n'), "KeyError: 1"),
    ("a group", ("  + Exception Group Traceback (most recent call last):\n  |   File \"a.py\", line 1, in <module>\n  |     raise x\n  | ExceptionGroup: unhandled (1 sub-exception)\n"
     "  +-+---------------- 1 ----------------\n    | TypeError: no tax\n    +------------------------------------\n"), "ExceptionGroup: unhandled (1 sub-exception) (TypeError: no tax)"),
    ("a panic", "panic: no tax\n\ngoroutine 1 [running]:\nmain.main()\n\t/srv/a.go:2 +0x2c\nexit status 2\n", "panic: no tax"),
    ("a message below its header", "thread 'main' panicked at src/main.rs:2:5:\nno tax\nnote: run with `RUST_BACKTRACE=1`\n", "thread 'main' panicked at src/main.rs:2:5: no tax"),
    ("the first of several diagnoses", "a.c:3:9: error: no such tax\n    3 |   return tax;\n      |          ^~~\na.c:4:1: error: more\n2 errors generated.\n", "a.c:3:9: error: no such tax"),
    ("a linker's last word", "a.c:(.text+0x5): undefined reference to `tax'\ncollect2: error: ld returned 1 exit status\n", "a.c:(.text+0x5): undefined reference to `tax'"),
    ("make's last word", "no tax for 41\nmake[1]: *** [Makefile:3: all] Error 3\nmake: *** [Makefile:1: all] Error 2\n", "no tax for 41"),
    ("make's only word", "make: *** No rule to make target 'tax.o', needed by 'all'.  Stop.\n", "make: *** No rule to make target 'tax.o', needed by 'all'.  Stop."),
    ("details and hints", 'ERROR:  relation "tax" does not exist\nLINE 1: SELECT * FROM tax\n                      ^\nHINT:  no such thing\nDETAIL:  none\n', 'ERROR:  relation "tax" does not exist'),
    ("what is only indented", "error: could not open tax\n  the file is missing\n  or not readable\n", "error: could not open tax"),
    ("where the log is", "npm error Missing script: \"tax\"\nnpm error\nnpm error A complete log of this run can be found in: /x.log\n", 'Missing script: "tax"'),
    ("stamps and containers", "app-1  | 2026-01-05T10:20:30Z ERROR no tax\napp-1  | 2026-01-05T10:20:31Z INFO shutting down\n", "ERROR no tax"),
    ("a farewell", "cp: cannot stat 'tax.csv': No such file or directory\nCleaning up temporary files\n", "cp: cannot stat 'tax.csv': No such file or directory"),
    ("an error that was got over", "error: no cache\nfetched 3 rows anew\nerror: no tax\n", "error: no tax"),
    ("plain words", "first\nthe last words\n", "the last words"),
    ("a deprecation alone", "x.py:1: DeprecationWarning: old\n", "x.py:1: DeprecationWarning: old"),
    ("rules and blanks", "no tax\n=======\n\n   ^^^^ \n", "no tax"),
    ("a place between an exception and its frames", "[!] BuildError: no tax\nmain.js\n    at a (/x/y.js:1:2)\n", "[!] BuildError: no tax"),
    ("a cross before how often", "✗ Build failed in 3ms\nerror during build:\nBuild failed with 1 error:\n\n[NO_TAX] Could not resolve tax\n", "error during build: [NO_TAX] Could not resolve tax"),
    ("a list between an exception and its frames", "Error: Load: run\nCannot find module 'tax'\nRequire stack:\n- /srv/a.js\n    at a (/x/y.js:1:2)\n", "Cannot find module 'tax'"),
    ("an excerpt behind signs of a comment", "a.erl:3:13: syntax error before: ','\n%    3| run() -> tax(,1).\n%     |     ^\n\na.erl:2:2: function run/0 undefined\n", "a.erl:3:13: syntax error before: ','"),
    ("an excerpt at the margin", "a.xml:2: parser error : no end of tax\n<tax>x</a>\n          ^\na.xml:3: parser error : more\n\n^\n", "a.xml:2: parser error : no end of tax"),
    ("the title of a backtrace", "At line 4 of a.f90\nFortran runtime error: no tax\n\nError termination. Backtrace:\n#0  0x7f7c5 in ???\n", "Fortran runtime error: no tax"),
    ("the number of a process", "==25== Memcheck\n==25== Invalid write of size 4\n==25==    at 0x109: main (a.c:1)\n==25== ERROR SUMMARY: 1 errors from 1 contexts\n", "Invalid write of size 4"),
    ("a warning that complains, and a farewell", "warning: failed to load tax\nCleaning up temporary files\n", "warning: failed to load tax"),
    ("an exception that wraps another program", ("cat: tax.csv: No such file or directory\nTraceback (most recent call last):\n  File \"a.py\", line 1\n    x\n"
     "subprocess.CalledProcessError: Command '['cat', 'tax.csv']' returned non-zero exit status 1.\n"), "cat: tax.csv: No such file or directory"),
    ("a wrapper alone", ("loading rows\nTraceback (most recent call last):\n  File \"a.py\", line 1\n    x\n"
     "subprocess.CalledProcessError: Command 'x' returned non-zero exit status 1.\n"), "subprocess.CalledProcessError: Command 'x' returned non-zero exit status 1."),
    ("an exception's name above what wraps", "Error in rule tax:\n    output: x\nWorkflowError:\nAt least one job did not complete successfully.\n", "Error in rule tax: output: x"),
    ("a test's name alone", "E       fixture 'tax' not found\nERROR test_a.py::test_a\n", "fixture 'tax' not found"),
    ("a sentence that was wrapped", "error: the table of taxes could not be opened, as it was made by a\n  later version of the program\nbye\n",
     "error: the table of taxes could not be opened, as it was made by a later version of the program"),
    ("stars before what is missing", "tool: *** [a.o] Source `tax.c' not found, needed by a.o.\nmake: *** [Makefile:2: run] Error 2\n", "tool: *** [a.o] Source `tax.c' not found, needed by a.o."),
    ("colours and returns", "loading\r\x1b[31merror: no tax\x1b[0m\r\n", "error: no tax"),
]  # fmt: skip
BOTH = [
    ("stderr is blank", "\n", "FAILED t.py::test_a - assert 1 == 2\n==== 1 failed in 0.01s ====\n", "stdout"),
    ("stderr is a tool's option", "Picked up JAVA_TOOL_OPTIONS: -Xmx1g\n", "ERROR no tax\n", "stdout"),
    ("stderr only counts", "make: *** [Makefile:2: all] Error 1\n", "a.py:1: error: no tax\n", "stdout"),
    ("stderr only counts, and stdout tells nothing", "make: *** [Makefile:2: all] Error 1\n", "working\n", "stderr"),
    ("both say it", "error: no tax\n", "error: no disk\n", "stderr"),
    ("neither says anything", " \n", "-----\n", ""),
]
KILOBYTES_64 = 65_536
ADVERSARIAL = [b"at " * 22_000, b"at \n" * 16_384, b"a" * KILOBYTES_64, b"a: " * 22_000, b"(" * KILOBYTES_64, b"\x1b[" * 32_768, b"A::" * 22_000, b"1:" * 32_768,
               b"/a" * 32_768, b"[a] " * 16_384, b"Caused by: x.Error: y\n" * 3_000, b"code status exit " * 3_900, b"Traceback (most recent call last):\n" * 1_800,
               b"\x00\xff" * 32_768, b"".join(b"worker %d reads %d\n" % (n, n) for n in range(3_400)), b"=" * KILOBYTES_64 + b"x", b"10:10:10 " * 7_000, b"a: " * 20_000 + b"\n" + b"a: b: c: d: e: f: g: h\n" * 200 + b"x\n" * 900, b"> " * 32_768, b"[a] [b] x\n" * 6_000]  # fmt: skip


@pytest.mark.parametrize(("stderr", "line"), [case[1:] for case in STDERR], ids=[case[0] for case in STDERR])
def test_the_line_that_says_what_went_wrong_is_taken(stderr: str, line: str) -> None:
    found = find_line(stderr.encode(), b"")
    assert (found.text, found.stream) == (line, "stderr")


@pytest.mark.parametrize(("stderr", "stdout", "stream"), [case[1:] for case in BOTH], ids=[case[0] for case in BOTH])
def test_stdout_is_looked_into_where_stderr_tells_nothing(stderr: str, stdout: str, stream: str) -> None:
    assert find_line(stderr.encode(), stdout.encode()).stream == stream


@pytest.mark.parametrize(
    ("code", "stderr", "reason"),
    [
        (124, "", "timed out, as timeout(1) says with exit code 124"),
        (124, "step 3 of 7\n", "timed out, as timeout(1) says with exit code 124: step 3 of 7"),
        (127, "", "a program was not found, as the shell says with exit code 127"),
        (127, "a.sh: line 1: tax: command not found\n", "a.sh: line 1: tax: command not found"),
        (137, "error: no tax\n", "error: no tax (ended by SIGKILL, exit code 137)"),
        (139, "a.sh: line 1: 7 Segmentation fault\n", "a.sh: line 1: 7 Segmentation fault"),
        (143, "note: x\n", "ended by SIGTERM, exit code 143"),
        (1, "", ""),
        (None, "error: no tax\n", "error: no tax"),
        (200, "error: no tax\n", "error: no tax"),
    ],
)
def test_the_exit_code_speaks_where_it_says_more_than_that_it_failed(code: int | None, stderr: str, reason: str) -> None:
    assert explain(stderr.encode(), b"", code).text == reason


@pytest.mark.parametrize("kind", ["error: ", ""])
def test_what_the_exit_code_says_is_not_lost_behind_a_long_line(kind: str) -> None:
    found = explain((kind + "x" * 2 * LINE_CHARS).encode(), b"", 137).text
    assert "ended by SIGKILL, exit code 137" in found
    assert len(found) == LINE_CHARS


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (None, "the command failed and printed nothing"),
        (9, "the command was ended by SIGKILL and printed nothing"),
        (11, "the command was ended by SIGSEGV and printed nothing"),
        (40, "the command was ended by signal 40 and printed nothing"),
    ],
)
def test_silent_deaths_by_unlike_signals_are_unlike_failures(number: int | None, words: str) -> None:
    assert words_of_silence(number) == words
    assert {fingerprint(words_of_silence(one)) for one in (None, 6, 9, 11)} == {
        "the command failed and printed nothing",
        "the command was ended by sigabrt and printed nothing",
        "the command was ended by sigkill and printed nothing",
        "the command was ended by sigsegv and printed nothing",
    }


@pytest.mark.parametrize(("code", "category"), [(124, "timeout"), (143, "timeout")])
def test_a_timeout_that_only_the_code_tells_is_of_that_category(code: int, category: str) -> None:
    assert categorise(explain(b"", b"", code).text) == category


def test_five_failures_of_one_program_are_five_clusters() -> None:
    messages = ["no tax", "disk is full", "cannot read the ledger", "connection lost", "bad currency"]
    outputs = [f"Error: {one}\n    at f (/w.js:1:1)\n\nNode.js v20.11.1\n".encode() for one in messages]
    assert len({fingerprint(find_line(one, b"").text) for one in outputs}) == 5


def test_a_stored_stack_is_judged_by_the_same_rule_as_an_output() -> None:
    text = 'Exception in thread "main" a.Outer: no tax\n\tat a.B.c(B.java:3)\n\t... 3 more\n'
    assert gist_of(text) == find_line(text.encode(), b"").text == 'Exception in thread "main" a.Outer: no tax'


def test_a_secret_is_taken_out_before_the_line_is_cut() -> None:
    line = "error: " + "x" * (LINE_CHARS - 10) + "secret"
    found = find_line(line.encode(), b"", lambda text: text.replace("secret", "***")).text
    assert found.endswith("***")
    assert "sec" not in found


@pytest.mark.parametrize("tail", ADVERSARIAL, ids=lambda tail: ascii(tail[:12]))
def test_the_longest_tail_takes_no_more_than_a_blink(tail: bytes) -> None:
    """Twenty times what it takes on an idle machine: what grows with the square takes a hundred times."""
    begun = time.process_time()
    found = find_line(tail[:KILOBYTES_64], tail[:KILOBYTES_64])
    assert time.process_time() - begun < 3.0
    assert len(found.text) <= LINE_CHARS


@given(st.binary(max_size=600), st.binary(max_size=600))
def test_every_output_gives_a_line_or_none(stderr: bytes, stdout: bytes) -> None:
    found = find_line(stderr, stdout)
    assert bool(found.text) == bool(found.stream) == (found.kind is not Kind.NOTHING)
    assert "\n" not in found.text


def test_random_bytes_are_text_like_any_other() -> None:
    assert len(find_line(os.urandom(KILOBYTES_64), b"").text) <= LINE_CHARS
