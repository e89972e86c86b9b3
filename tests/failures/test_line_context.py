"""What a line is by those around it and by its form, whatever the program: each rule with an output that it does not take."""

from __future__ import annotations

import pytest

from batchdrain.failures.meaningful_line import explain, find_line

TAKEN = [
    ("a warning of the same place says why", 'line 0: warning: Cannot open "tax.dat"\nline 0: No data in plot\n', 'line 0: warning: Cannot open "tax.dat"'),
    ("a warning of another place does not", 'line 0: warning: Cannot open "tax.dat"\nline 7: No data in plot\n', "line 7: No data in plot"),
    ("an exception below an excerpt belongs to the verdict above it", "error: cannot parse: a.py:1:9\n    x = (tax 1\n            ^\nParseError: bad input\n", "error: cannot parse: a.py:1:9 (ParseError: bad input)"),
    ("an exception below a verdict alone does not", "error: no cache\nParseError: bad input\n", "ParseError: bad input"),
    ("a header that was wrapped", 'Unhandled ERROR in thread #<THREAD "main" RUNNING\n                  {1001}>:\n  tax table is missing\n', 'Unhandled ERROR in thread #<THREAD "main" RUNNING: tax table is missing'),
    ("an exception that says no more than its class", "OSError: disk is gone\n\nThe above exception was the direct cause of the following exception:\n\nacme.ConnectionError: Connection error\n", "acme.ConnectionError: Connection error (OSError: disk is gone)"),
    ("an exception that says more", "OSError: disk is gone\nacme.ConnectionError: no route\n", "acme.ConnectionError: no route"),
    ("causes below a line that announces them", "error: cannot read the ledger\n\nCaused by:\n    0: cannot open tax.csv\n    1: No such file or directory (os error 2)\n", "error: cannot read the ledger (Caused by: No such file or directory (os error 2))"),
    ("a warning where nothing else stands but that it was given up", 'Warning: Task "tax" not found.\nAborted due to warnings.\n', 'Warning: Task "tax" not found.'),
    ("a plain line after such a warning", "warning: tax not found\nledger is stale\nAborted due to warnings.\n", "ledger is stale"),
    ("good news", "bad row 3 in tax\nscanned\nAll blocks were freed -- no leaks are possible\n", "bad row 3 in tax"),
    ("what is only near to good news", "no error message was given by tax\n", "no error message was given by tax"),
    ("a page of options", "tax is stale\n--tax=<text>\n    A name that must not be empty.\n--ledger\n    No default.\n--mode\n--level\n--help\nOptions must stand before names\n", "tax is stale"),
    ("a command with an option", "--tax was not expected here\n", "--tax was not expected here"),
    ("a headline between signs", "*** FATAL CONFIG ERROR (tax 7.0) ***\nReading the file\n>>> tax 41\nBad directive or wrong number of arguments\n", "Bad directive or wrong number of arguments"),
    ("a headline alone", "*** FATAL CONFIG ERROR (tax 7.0) ***\n", "*** FATAL CONFIG ERROR (tax 7.0) ***"),
    ("an error in brackets", 'tax is read\n(error "line 2 column 11: unknown constant tax")\n', '(error "line 2 column 11: unknown constant tax")'),
    ("a remark in brackets", "tax is stale\n(see the manual)\n", "tax is stale"),
    ("addresses of a stack", "tax is stale\nBacktrace:\n$7FA55AF584C0 rows\n", "tax is stale"),
    ("frames with a kind of block", "No such method 'tax' for this type\n  in block <unit> at a.raku line 1\n", "No such method 'tax' for this type"),
    ("a sentence that frames end", "Variable '$tax' is not declared.  Perhaps you forgot a 'sub' if\nthis was intended to be part of a signature?\nat /srv/a.raku:1\n", "Variable '$tax' is not declared.  Perhaps you forgot a 'sub' if this was intended to be part of a signature?"),
    ("an error while something was done", "Error while compiling /srv/a.raku\nCould not find Tax::Ledger in:\n    /srv/lib\n", "Error while compiling /srv/a.raku Could not find Tax::Ledger in:"),
    ("a kind of error alone", "Runtime Error\n  the version is not valid\nError encountered in /srv/a.yml\n", "Runtime Error the version is not valid"),
    ("a number before a kind of error", "checked 3\n1.  Error\n      connect ECONNREFUSED 127.0.0.1:9\n      at request\n", "1.  Error connect ECONNREFUSED 127.0.0.1:9"),
    ("some errors were met", "x Cannot read the ledger.\nChecked\n× Some errors were emitted while running checks.\n", "x Cannot read the ledger."),
    ("a finding that is a warning", "a.js:1:1: Unexpected var. (warning)\na.js:1:5: 'tax' is never used. (unused)\n", "a.js:1:5: 'tax' is never used. (unused)"),
    ("a farewell under the level of an error", "[7] [ERROR] tax is missing\nended\n[7] [ERROR] Shutting down: Master\n", "[7] [ERROR] tax is missing"),
    ("a comment", "tax is stale\n/*!40101 SET MODE='NO_ZERO' */;\n", "tax is stale"),
    ("a sign of a terminal", "Fatal error: no tax.\x07\n", "Fatal error: no tax."),
    ("an error before where more is told", "ERROR: no pod was ready. Check https://a.example/tax/ for more information\n", "ERROR: no pod was ready."),
    ("where more is told alone", "tax is missing\nFor more information see https://a.example/tax/\n", "tax is missing"),
    ("a guess below a complaint", "[!] no tax was found\n\nYou have either:\n * not asked for it.\n * a wrong name.\n", "[!] no tax was found"),
    ("a list of what is wrong", "Errors in 2 files:\n * tax.csv is missing\n", "* tax.csv is missing"),
    ("a verdict that refers to a log", "e: a.kt:3:7 Unresolved reference: tax\n\n* What went wrong:\nBuild of 'app' failed.\n> See the log for details\n", "e: a.kt:3:7 Unresolved reference: tax"),
    ("the deepest of quoted causes", "* What went wrong:\nBuild of 'app' failed.\n> No files for 'app'.\n   > No tax was found.\n", "* What went wrong: Build of 'app' failed. > No tax was found."),
    ("an outcome alone", "ledger is stale and not read\nResult: FAIL\n", "ledger is stale and not read"),
    ("what stands below an exception", 'Unhandled Exception:\nIOException: no file "tax"\nFile name: \'tax\'\n  at Tax.Main () [0x1] in <a>:0\n', 'IOException: no file "tax"'),
    ("an exception that tells a place", "Error: a.styl:1:9\n   1| import tax\n-------^\n\nfailed to locate tax.styl\n", "Error: a.styl:1:9: failed to locate tax.styl"),
    ("the side of a box", "│ Input must be a valid number, and it is: unable to parse text as a │\n│ number                                                             │\n", "Input must be a valid number, and it is: unable to parse text as a number"),
]  # fmt: skip


@pytest.mark.parametrize(("stderr", "line"), [case[1:] for case in TAKEN], ids=[case[0] for case in TAKEN])
def test_the_lines_around_it_tell_what_a_line_is(stderr: str, line: str) -> None:
    assert find_line(stderr.encode(), b"").text == line


def test_what_a_runner_complained_of_before_the_command_that_failed_is_no_reason() -> None:
    stderr = "run > cache not found\nrun > check --tax 41 --all\nrun > Command check --tax 41 --all failed with exit code 1\nrun > Session tax failed.\n"
    assert explain(stderr.encode(), b"ValueError: tax is stale\n", 1).text == "ValueError: tax is stale"
    other = stderr.replace("run > check --tax 41 --all\n", "")
    assert explain(other.encode(), b"ValueError: tax is stale\n", 1).text == "cache not found"


def test_the_shell_s_word_of_a_crash_is_taken_where_nothing_tells_more() -> None:
    crash = "a.sh: line 1:  2573 Segmentation fault      ./tax\n"
    assert explain(crash.encode(), b"", 139).text == crash.strip()
    assert (
        explain(f"Invalid write of size 4\n{crash}".encode(), b"", 139).text
        == "Invalid write of size 4 (ended by SIGSEGV, exit code 139)"
    )
