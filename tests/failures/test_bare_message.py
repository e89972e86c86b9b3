"""What quotes, brackets and signs tell of a message: each form with members that are one failure, and with strangers."""

from __future__ import annotations

import pytest

from batchdrain.failures import fingerprint
from batchdrain.failures.bare_message import bare_message

ONE = {
    "what was called, and with what": (
        "ERROR: function tax_of(integer, unknown) does not exist",
        "ERROR: function ledger(text) does not exist",
    ),
    "an element of a document": ("line 1 - Error: <tax> is not recognized!", "line 7 - Error: <ledger> is not recognized!"),
    "a name that stands in quotes too": (
        'CMake Error at CMakeLists.txt:3 (tax_ledger): Unknown CMake command "tax_ledger".',
        'CMake Error at CMakeLists.txt:9 (shipment): Unknown CMake command "shipment".',
    ),
    "a name between brackets and blanks": (
        "a.xml:3: this element is not expected. Expected is ( tax ).",
        "b.xml:9: this element is not expected. Expected is ( ledger ).",
    ),
    "a name and its version": ("cannot unpack tax (1.14.10-1)", "cannot unpack ledger (2:0.17.3-2+b1)"),
    "a name behind two dashes": (
        "a.rb:1:in `require': cannot load such file -- tax (LoadError)",
        "b.rb:3:in `require': cannot load such file -- ledger (LoadError)",
    ),
    "a field with a list of what is wrong with it": (
        "ValidationError: {'tax': ['Missing data for required field.']}",
        "ValidationError: {'ledger': ['Missing data for required field.']}",
    ),
    "a document in quotes": (
        """SyntaxError: Unexpected token 't', "{"tax": ledger}" is not valid JSON""",
        """SyntaxError: Unexpected token 'i', "{"invoice": customer}" is not valid JSON""",
    ),
    "what is missing, and named twice": (
        "ERROR 1: in ExecuteSQL(select * from tax_ledger): no such table: tax_ledger",
        "ERROR 1: in ExecuteSQL(select * from invoice_customer): no such table: invoice_customer",
    ),
    "a kind of thing and its name with a colon": (
        "section program:tax does not specify a command",
        "section program:ledger does not specify a command",
    ),
    "a name and its tag": ("pull of web-app:latest was slow", "pull of api-server:stable was slow"),
    "the end of a clause": (
        "Failed to execute goal on project tax: it is offline",
        "Failed to execute goal on project ledger: it is offline",
    ),
    "who did it": ("session 7 was opened by client Tax", "session 9 was opened by client Ledger"),
    "two lines that do not fit": (
        "tag mismatch: ledger line 1 and tax, line 1, column 22",
        "tag mismatch: customer line 3 and invoice, line 3, column 7",
    ),
    "a sentence of a name": ("tax is not defined", "ledger is not defined"),
    "what was never defined": ("Task never defined: tax", "Task never defined: ledger"),
    "what is undefined in it": ("Error: /undefined in tax", "Error: /undefined in ledger"),
    "a call with wrong arguments": (
        "PHP Fatal error: Uncaught TypeError: tax(): Argument #1 must be of type int",
        "PHP Fatal error: Uncaught TypeError: ledger(): Argument #1 must be of type int",
    ),
    "a field that must be something": (
        "ValidationError: tax must be a `number` type",
        "ValidationError: ledger must be a `number` type",
    ),
}
OTHERS = {
    "what is said of a function": ("the function tax(a) is missing", "the function tax(a) is slow"),
    "states between signs": ("the peer is <up>", "the peer is <down>"),
    "words that a grammar gives": ("unexpected <EOF> in line 3", "unexpected <EOL> in line 3"),
    "states in quotes that are said twice": ("state 'failed', failed", "state 'running', running"),
    "what is said in brackets": ("the upload ended (no route)", "the upload ended (no disk)"),
    "prepositions before a version": ("unpacking over (1.2.3-4)", "unpacking from (1.2.3-4)"),
    "what is said behind two dashes": ("tax -- disk full", "tax -- disk gone"),
    "keys with a state": ("service grpc-status:unavailable", "service grpc-status:unauthenticated"),
    "kinds of things with a colon": ("table:tax is away", "job:tax is away"),
    "errors that are called by name": ("Error: /stackunderflow in --pop--", "Error: /typecheck in --pop--"),
    "what a field must be": ("ValidationError: tax must be a number", "ValidationError: tax must be a list"),
    "what is said of a kind of thing": ("error on server: it is full", "error on table: it is full"),
    "messages in quotes": ('(error "line 2 column 14: unknown constant")', '(error "line 2 column 14: unknown sort")'),
}


@pytest.mark.parametrize("texts", ONE.values(), ids=ONE)
def test_names_in_quotes_brackets_and_signs_tell_no_failures_apart(texts: tuple[str, ...]) -> None:
    assert len(found := {fingerprint(text) for text in texts}) == 1, found


@pytest.mark.parametrize("texts", OTHERS.values(), ids=OTHERS)
def test_words_in_quotes_brackets_and_signs_tell_failures_apart(texts: tuple[str, ...]) -> None:
    assert len(found := {fingerprint(text) for text in texts}) == len(texts), found


@pytest.mark.parametrize(
    ("message", "bare"),
    [
        ("[worker-3] boom", "* boom"),
        ("[404] boom", "[404] boom"),
        ("[299] boom", "* boom"),
        ("[42] boom", "* boom"),
        ("[ValueError] boom", "[ValueError] boom"),
        ("[key=3] boom", "[key=3] boom"),
        ("[job]boom", "[job]boom"),
        ("bad <tax> here", "bad * here"),
        ("bad </tax:b> here", "bad * here"),
        ("state <up> here", "state <up> here"),
        ("got <EOF> here", "got <EOF> here"),
        ("got <KeyError> here", "got <KeyError> here"),
        ("got <E501> here", "got <E501> here"),
        ("is ( KeyError ) x", "is (KeyError) x"),
        ("is [ tax ] x", "is * x"),
        ("is ( tax ) x", "is * x"),
        ("a: tax: not found", "a: *: not found"),
        ("a: KeyError: not found", "a: KeyError: not found"),
        ("a: error: command not found", "a: error: command not found"),
        ("a: empty: is a directory", "a: empty: is a directory"),
        ("tax: not found", "tax: not found"),
        ("took (5 s) long", "took long"),
        ("exit (3) x", "exit 3 x"),
        ("exit code (3)", "exit code 3"),
        ("line (3) x", "line x"),
        ("code) (3) x", "code) 3 x"),
        ("answer (404) x", "answer (404) x"),
        ("size (12345) x", "size x"),
        ("size (1.5 MB) x", "size x"),
        ("status ( 3 ) x", "status 3 x"),
        ("Timed out after 5 s (limit: timeout.default_s)", "Timed out after 5 s"),
        ("Timed out after 5 s (limit: a): more", "Timed out after 5 s: more"),
        ("Timed in 5 s (limit: a)", "Timed in 5 s (limit: a)"),
        ("step 1\nKeyError: 'a'\nmore", "KeyError: *"),
        ("\n \n", ""),
        ("\x1b[31mboom\x1b[0m here", "boom here"),
        ("  boom  ", "boom"),
        ("unknown command 'tax': tax tax-2", "unknown command * : * tax-2"),
        ("state 'failed', failed", "state failed , failed"),
        ("no 'KeyError' KeyError", "no * KeyError"),
        ("no 'the' the", "no * the"),
        ("404, 405, 406 failed", "* failed"),
        ("x[a, b] failed", "* failed"),
        ("x[a] failed", "x[a] failed"),
        ("a, b failed", "a, b failed"),
        ("boom. Did you mean tax?", "boom."),
        ("boom, did you mean tax?", "boom,"),
        ("at @@ -1,2 +3,4 @@ code()", "at *"),
        ("a -- b", "a b"),
        ("Error: /undefined in x", "Error: undefined in x"),
        ("function tax(int, text) is slow", "function * is slow"),
        ("cannot unpack tax (1.14.10-1)", "cannot unpack *"),
        ("over (1.2.3-4)", "over (1.2.3-4)"),
        ("got \"{'a': 1}\" is not valid JSON", "got * is not valid JSON"),
        ("tax, ledger, run failed", "* failed"),
        ("tax, ledger and run failed", "tax, ledger and run failed"),
        ("tax, KeyError, run failed", "tax, KeyError, run failed"),
        ("is, tax, ledger failed", "is, tax, ledger failed"),
        ("tax-1, E501, run failed", "tax-1, E501, run failed"),
        ("unknown 'tax' 'run' 'job' 'row' 'led': tax run job row led", "unknown * * * * * : * * * * led"),
    ],
)
def test_each_form_leaves_what_tells_failures_apart(message: str, bare: str) -> None:
    assert " ".join(bare_message(message).split()) == bare
