"""The page of a session: small, of one piece, and nothing that stands in a row makes an element, an address or a script."""

from __future__ import annotations

import base64
import hashlib
import re
import sys
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from batchdrain.model.errors import UsageError
from batchdrain.reports.beside import Beside
from batchdrain.reports.exit_words import Exit
from batchdrain.reports.html import page
from batchdrain.reports.html.balance_bar import balance_bar
from batchdrain.reports.html.cells import cut_for_page
from batchdrain.reports.html.durations import durations_of
from batchdrain.reports.html.timeline import Timeline, slots_of, timeline_of
from batchdrain.sessions.attempt_log import AttemptSpan
from batchdrain.sessions.balance import Balance, Ends, Skips
from batchdrain.sessions.session import Status
from tests.reports.pages import made_of, of_attacks, of_the_demo, page_of, spans_of
from tests.support.hostile import obeyed

ALLOWED = {
    "a", "b", "body", "button", "caption", "code", "dd", "div", "dl", "dt", "h1", "h2", "h3", "head", "header", "html", "input",
    "label", "li", "main", "meta", "option", "output", "p", "path", "rect", "script", "section", "select", "span", "style", "svg",
    "table", "tbody", "td", "th", "thead", "time", "title", "tr", "ul",
}  # fmt: skip


class Elements(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags = Counter[str]()
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def ran(start: float, seconds: float, **more: object) -> AttemptSpan:
    facts = {"run_id": "r", "phase_id": "p", "outcome": "complete", "category": "patch", "limit_s": 10.0, "host": "h"}
    return AttemptSpan(started_s=start, duration_s=seconds, **{**facts, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize("one_failed_of", [1, 2, 9])
def test_a_thousand_results_of_the_demo_make_a_page_below_200_kb(tmp_path: Path, one_failed_of: int) -> None:
    found = of_the_demo(1000, one_failed_of)
    text = page_of(found, Beside(folder=tmp_path, attempts=spans_of(found)))
    assert text.count("<tr") > 1000
    assert len(text.encode()) < 200_000


def test_a_thousand_hostile_results_make_a_page_below_500_kb(tmp_path: Path) -> None:
    found = of_attacks(1000)
    assert len(page_of(found, Beside(folder=tmp_path, attempts=spans_of(found))).encode()) < 500_000


def test_of_more_than_a_thousand_phases_those_that_failed_are_shown() -> None:
    text = page_of(made_of([("r", f"ok{number}", None) for number in range(1200)] + [("r", "bad", "boom")]))
    assert text.count("<td>ok<td>") == 999
    assert ">bad<" in text
    assert "201 more phases are in state/sessions/s.json" in text


def test_nothing_of_a_hostile_backlog_becomes_an_element_an_address_or_a_style() -> None:
    found = Elements(page_of(of_attacks(1000), Beside(folder=Path("/srv/reports"), attempts=spans_of(of_attacks(300)))))
    assert set(found.tags) <= ALLOWED
    assert (found.tags["script"], found.tags["style"], found.tags["title"]) == (1, 1, 1)
    assert not [one for one in found.attributes if one[1].startswith("on") or one[1] in {"style", "src", "srcset", "ping"}]
    for tag, name, value in found.attributes:
        if name == "href":
            assert re.fullmatch(r"#c\d+|(\.\./)*[\w.%/~-]+", value), (tag, value)
        assert name != "href" or tag == "a"


def test_nothing_of_it_is_obeyed_by_a_terminal_or_a_runner_that_prints_the_page() -> None:
    assert obeyed(page_of(of_attacks(400))) == []


def test_the_policy_of_the_page_allows_its_own_style_and_script_and_nothing_else() -> None:
    text = page_of(of_attacks(200))
    [policy] = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    hashes = [
        base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        for body in re.findall(r"<(?:style|script)>(.*?)</(?:style|script)>", text, re.DOTALL)
    ]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; base-uri 'none'; form-action 'none'"
    )
    assert "://" not in re.sub(r"https?:\\?/\\?/[^<]*", "", "".join(Elements(page_of(of_the_demo(20))).texts))


def test_the_page_is_the_same_constant_script_whatever_the_session() -> None:
    scripts = {
        re.findall(r"<script>(.*?)</script>", page_of(found), re.DOTALL)[0] for found in (of_attacks(99), of_the_demo(9))
    }
    assert len(scripts) == 1


def test_a_log_is_an_address_relative_to_the_report_else_none() -> None:
    found = made_of([("r", "bad", "boom [exit 1]")])
    found.results[0].log_path = "old/s/logs/r#1/a b.stderr.txt"
    link = 'href="../state/sessions/s/logs/r%231/a%20b.stderr.txt"'
    assert link in page_of(found, Beside(folder=Path.cwd() / "reports"))
    assert link not in page_of(found, Beside())
    for odd in ("javascript:alert(1)", "/etc/passwd", "s/../../../etc/passwd", "//evil.example/x"):
        found.results[0].log_path = odd
        assert not [
            v for t, n, v in Elements(page_of(found, Beside(folder=Path.cwd()))).attributes if n == "href" and v[0] != "#"
        ]


def test_the_page_says_what_text_says() -> None:
    found = made_of([("r", "bad", "boom [exit 1]"), ("r", "good", None)], settings={"min_success_rate": 0.9}, status="stopped",
                    stopped_because="stop.max_total_minutes: 1 minute is over",
                    balance={"failed_before": 9, "fixed": 1, "still_failing": 1, "not_reached": 7, "waiting": 7})  # fmt: skip
    beside = Beside(words=("inv",), mount="jobs.", goes_on="inv jobs.resume", ended=Exit(1, "Exit code 1: the rate."))
    text = " ".join(" ".join(Elements(page_of(found, beside)).texts).split())
    for said in (
        "1 of 2 phases failed", "Exit code 1: the rate.", "Continue with inv jobs.resume", "boom [exit 1]",
        "stop.max_total_minutes: 1 minute is over", "90.0% wanted rate", "50.0% success rate", "inv jobs.drain --cluster=",
        "inv jobs.accept --cluster=", "9 failed before", "1 fixed", "1 still failing", "7 left for a resume or another drain", "1 of 2",
    ):  # fmt: skip
        assert said in text, said


def test_a_cell_is_bounded_in_signs_and_in_bytes() -> None:
    for text in ("x" * 500, '"' * 500, "&" * 90, "\u202e" * 90, "\ufdfd" * 90, "short"):
        shown = cut_for_page(text, 80, 96)
        assert len(shown.replace("&", "&amp;").replace('"', "&#34;").encode()) <= 100
    assert cut_for_page("short", 80, 96) == "short"
    assert cut_for_page("x" * 500, 80, 96) == "x" * 79 + "…"


def test_attempts_that_ran_side_by_side_stand_in_slots_of_their_own() -> None:
    found = [ran(0, 5), ran(1, 1), ran(2.5, 1), ran(6, 1)]
    assert [slot for slot, _ in slots_of(found)] == [0, 1, 1, 0]
    drawn = timeline_of([*found, ran(0, 5, host="other")])
    assert drawn is not None
    assert [(lane.host, lane.slots) for lane in drawn.lanes] == [("h", 2), ("other", 1)]
    assert timeline_of([]) is None


def test_durations_are_told_by_category_against_their_limit() -> None:
    found = durations_of([*(ran(0, number + 1) for number in range(10)), ran(0, 10, outcome="timeout"), ran(0, 1, outcome="released"),
                          ran(0, 2, category="late", limit_s=None)])  # fmt: skip
    assert [(one.category, one.count, one.timeouts, one.limit_s) for one in found] == [
        ("patch", 11, 1, 10.0),
        ("late", 1, 0, None),
    ]
    assert (found[0].median_s, found[0].nine_tenths_s, found[0].longest_s) == (6, 10, 10)


def test_without_jinja2_the_format_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    page._template.cache_clear()
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(UsageError, match=r"jinja2 is not installed; pip install '/path/to/batchdrain\[report\]'"):
        page_of(of_the_demo(2))
    page._template.cache_clear()


@pytest.mark.parametrize(
    "given",
    [
        {"before": 20, "known": 25, "ends": Ends(fixed=3, failing=4, moved=2, gone=1), "skips": Skips(accepted=1, filtered=5, by_rules=2)},
        {"before": 20, "known": 12, "ends": Ends(fixed=3)},
        {"before": 9, "known": 9},
    ],
)  # fmt: skip
def test_each_phase_stands_in_one_part_of_the_bar(given: dict[str, Any]) -> None:
    balance = Balance.of(**given)
    bar = balance_bar(of_the_demo(2), balance)
    assert bar.total == sum(count for _, _, count, _, _ in bar.parts) == balance.failed_before + balance.new
    assert [left for _, _, _, left, _ in bar.parts] == sorted(left for _, _, _, left, _ in bar.parts)
    assert all(0 <= left <= left + wide <= 1000 for _, _, _, left, wide in bar.parts)


def test_what_the_page_has_no_room_for_is_counted() -> None:
    words = [f"{one}{other}zz" for one in "abc" for other in "abcdefghijklmnopqrstuvwxyz"][:55]
    found = made_of([(f"run-{one}", "p", f"the {one} broke") for one in words])
    text = page_of(found, Beside(attempts=[ran(number, 1) for number in range(5_003)]))
    for said in ("and 15 more clusters", "and 5 more runs", "3 earlier attempts are not shown."):
        assert said in text, said
    assert drawn_of([ran(number, 1) for number in range(5_000)]).left_out == 0
    latest = [ran(number, 1) for number in range(5_003)]
    assert timeline_of(latest) == replace(drawn_of(latest[3:]), left_out=3)


def drawn_of(attempts: list[AttemptSpan]) -> Timeline:
    found = timeline_of(attempts)
    assert found is not None
    return found


def links_of(text: str) -> list[str]:
    return [value for tag, name, value in Elements(text).attributes if name == "href" and value.startswith("state/")]


def test_the_addresses_of_logs_have_a_bound_each_and_together_and_each_cluster_has_one_before_any_has_two() -> None:
    beside = Beside(folder=Path.cwd())
    found = made_of([("r", "long", "boom"), ("r", "short", "bang")])
    found.results[0].log_path = f"state/sessions/s/logs/{'x' * 300}.txt"
    assert set(links_of(page_of(found, beside))) == {found.results[1].log_path}

    found = made_of([*(("r", f"p{number:03}", "boom") for number in range(400)), ("z", "last", "the pump is dry")])
    for number, one in enumerate(found.results):
        one.log_path = f"state/sessions/s/logs/{'x' * 180}{number:03}.txt"
    links = links_of(page_of(found, beside))
    assert str(found.results[-1].log_path) in links
    assert sum(map(len, set(links))) <= 14_000 < sum(map(len, set(links))) + 220


def test_of_several_limits_the_longest_is_shown_and_the_category_with_the_longest_attempts_first() -> None:
    found = durations_of([
        *(ran(0, 1, limit_s=limit) for limit in (5.0, 20.0, None, 7.0)), ran(0, 3, category="late", limit_s=None),
        *(ran(0, 9, category="given back", outcome=outcome) for outcome in ("released", "orphaned", "moved")),
    ])  # fmt: skip
    assert [(one.category, one.limit_s, one.limit_x is None) for one in found] == [
        ("late", None, True),
        ("patch", 20.0, False),
    ]


def test_the_colour_of_a_failed_phase_colours_no_column_of_another_table() -> None:
    style = (Path(page.__file__).parent / "style.css").read_text()
    rules = [selector for rule in re.findall(r"([^{}]+)\{", style) for selector in rule.split(",") if "nth-" in selector]
    assert rules
    assert all(selector.strip().startswith("#phases ") for selector in rules), rules


@pytest.mark.parametrize(("status", "until"), [("running", "to now"), ("interrupted", "to its interruption")])
def test_a_session_that_is_not_complete_says_until_when_it_ran(status: str, until: str) -> None:
    found = of_the_demo(3).model_copy(update={"status": Status(status), "completed_at": None})
    assert any(text.strip().endswith(until) for text in Elements(page_of(found)).texts)
