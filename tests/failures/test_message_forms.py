"""Texts that differ only in values have one fingerprint, and it is the one that each has alone."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from batchdrain.failures import message_forms
from batchdrain.failures.fingerprints import fingerprint
from batchdrain.failures.message_forms import MessageForms
from batchdrain.failures.rule_table import read_rules
from tests.benchmarks.backlog_texts import DISTINCT
from tests.failures.test_token_keys import VALUES, WORDS

COUNT = 12
TOLD = [text for rule in read_rules() for text in (rule.takes, rule.leaves)]
OTHER_VALUES = [
    "'tax7'", "'worker-12'", "'tax.csv'", "'tax'", "'Active'", "(/srv/0123456/missing)", "(worker-0123456789)", "status-0123456789", "state-0123456789",
    "tax_0123456789.py:12;", "docs/123456.md,", "0123456,", "123.", "is", "status", "not", "found", "table", "unknown:",
]  # fmt: skip
TOKENS = st.lists(st.sampled_from([*WORDS, *OTHER_VALUES]) | st.sampled_from(VALUES), min_size=1, max_size=8)
TURNED = {ord(digit): str((int(digit) + 7) % 10) for digit in "0123456789"} | {ord("b"): "9", ord("d"): "c"}


def _alike(text: str) -> list[str]:
    """Texts that differ in digits and in letters of hashes, whatever words those are part of."""
    found = [text]
    for _ in range(COUNT - 1):
        words = found[-1].split(" ")
        found.append(" ".join(word.translate(TURNED) if any(map(str.isdigit, word)) else word for word in words))
    return found


@given(TOKENS.map(" ".join) | st.sampled_from(TOLD))
@example("not (/srv/41312e3913329/missing) KeyError: s")
@example("no such (/srv/41312e3913329/table): tax")
@example("st1da_2v5dd5862a18f36c7e0dd72c5 is for - error: (while")
@example("cannot import name 'tax7' from 'acme' (/srv/tax7/acme/x)")
@example("cannot import name 'tax7' from 'acme' (/srv/x0123456789/acme/x)")
@example("the node status-0123456789 'Active' is lost")
@example("GET /v2/runs/42/detail failed with 404")
@example("returned code 12 by worker-123456.cluster in 5 s")
@example("a 1 2 3 4 5 6")
@example("tax (0123456789ab) in worker-0123456789 is not known")
def test_a_text_has_the_fingerprint_that_it_has_alone_whatever_comes_with_it(text: str) -> None:
    texts = _alike(text)
    assert MessageForms().fingerprints(texts) == list(map(fingerprint, texts))


@pytest.mark.parametrize("shape", range(len(DISTINCT.shapes)))
def test_a_form_takes_the_texts_of_a_backlog_that_differ_in_numbers_paths_hosts_and_hashes(
    shape: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [DISTINCT.reason(700_000 + shape * 1_000 + at, 1_000) or "" for at in range(300)]
    expected = list(map(fingerprint, texts))
    asked: list[str | None] = []

    def note(text: str | None) -> str:
        asked.append(text)
        return fingerprint(text)

    monkeypatch.setattr(message_forms, "fingerprint", note)
    assert MessageForms().fingerprints(texts) == expected
    assert len(asked) <= len(set(expected)) + 5  # once for each fingerprint, and for the few hashes without a digit


def test_forms_are_few_and_a_form_that_takes_nothing_is_forgotten() -> None:
    forms = MessageForms()
    for number in range(2 * message_forms._FORMS):
        word = "".join(chr(97 + int(digit)) for digit in str(number))
        texts = [f"{word} of phase failed on host-{at:09}.cluster.local again" for at in range(20)]
        assert forms.fingerprints(texts) == list(map(fingerprint, texts))
    assert len(forms._forms) == message_forms._FORMS

    of_no_form = ['"tax" is lost']
    for _ in range(message_forms._IDLE):
        forms.fingerprints(of_no_form)
    assert forms._forms == []
