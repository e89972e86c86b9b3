"""invoke.yaml and the environment, got wrong: every problem with its place, no secret, no foreign code, nothing changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from batchdrain.cli.commands.doctor import project_checks
from batchdrain.config.load import load
from batchdrain.model.errors import ConfigError
from tests.cli.telling import SECRET, refused, snapshot, told
from tests.support.strangers import let_a_group_write
from tests.support.workplace import Workplace


def write(place: Workplace, text: str) -> None:
    (place.root / "invoke.yaml").write_text(text.replace("URL", place.url))


def test_every_problem_of_the_settings_is_told_at_once(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    write(sqlite_project, """
batchdrain:
  database_url: URL
  batch_size: ten
  workers: 0
  engine: NO
  session_dir: 2020-01-01
  policy: smart
  min_success_rate: .nan
  timeout: {default_s: 0, max_s: .inf, adaptive: maybe}
  retry: 5
  source: {states: {failed: NO, queued: {x: y}}, column: {}}
  command: {argv: echo, success_exit_codes: []}
  depends_on: [{run: x}]
  profle: classic
""")  # fmt: skip
    places = [
        "batch_size", "workers", "engine", "session_dir", "policy", "min_success_rate", "timeout.default_s", "timeout.max_s",
        "timeout.adaptive", "retry", "source.states.failed", "source.states.queued", "source.column", "command.argv",
        "command.success_exit_codes", "depends_on.0.after", "profle",
    ]  # fmt: skip

    ran = refused(sqlite_project, ["drain"], 78, "(did you mean 'profile'?)", "(did you mean 'columns'?)", "quote it")

    told_of = {line.split(": ")[1].removeprefix("batchdrain.") for line in ran.err.splitlines()}
    assert told_of == set(places)


@pytest.mark.parametrize(
    "text",
    [
        f'batchdrain: "postgresql://u:{SECRET}@host/db"\n',
        f'batchdrain: [{{database_url: "postgresql://u:{SECRET}@host/db"}}]\n',
        f'batchdrain: {{database_url: ["postgresql://u:{SECRET}@host/db"]}}\n',
        f'batchdrain: {{database_url: "postgresql://u:{SECRET}@host/db\\0"}}\n',
        f'batchdrain: {{database_url: "postgresql:/u:{SECRET}@host/db"}}\n',
    ],
    ids=["text", "list", "list for text", "nul", "one slash"],
)
def test_a_wrong_section_never_shows_its_secrets(sqlite_project: Workplace, text: str) -> None:
    write(sqlite_project, text)
    for task in ("drain", "doctor"):
        ran = sqlite_project.inv(task)
        assert (ran.code, "Traceback" in ran.err) == (78, False)
        assert SECRET not in ran.out + ran.err


@pytest.mark.parametrize(
    ("section", "part"),
    [
        ("timeout: {default_s: 1" + "0" * 400 + "}", "batchdrain.timeout.default_s: "),
        ('session_dir: "a\\0b"', "batchdrain.session_dir: "),
        ('source: {table: "a\\0b"}', "batchdrain.source.table: "),
        ("policy: [{}]", "batchdrain.policy"),
        ("policy: [{name: smart, prior: 1}]", "batchdrain.policy: 'smart'"),
        ('policy: ["no_such_module:x"]', "batchdrain.policy: 'no_such_module:x'"),
        ('policy: ["os:getcwd"]', "batchdrain.policy: 'os:getcwd'"),
        ('engine: "os:getcwd"', "batchdrain.engine: 'os:getcwd'"),
        ("source: {columns: {last_failure_reason: state}}", "'state'"),
        ("source: {columns: {run_id: phase_id}}", "'phase_id'"),
        ("source: {columns: {updated_at: last_failure_reason}}", "'last_failure_reason'"),
        ('command: {argv: [echo, "a } b"]}', "batchdrain.command.argv.1: a single '}'"),
        ('command: {argv: [echo, "{run_id.__class__}"]}', "{run_id.__class__} is no placeholder"),
        ('command: {argv: [echo, "{run_id!r}"]}', "{run_id!r} is no placeholder"),
        ("command: {argv: []}", "batchdrain.command.argv: is empty"),
    ],
)  # fmt: skip
def test_a_wrong_setting_stops_a_drain_before_it_begins(sqlite_project: Workplace, section: str, part: str) -> None:
    sqlite_project.fail("r/a")
    argv = "" if section.startswith("command") else "  command: {argv: [echo]}\n"
    write(sqlite_project, f"batchdrain:\n  database_url: URL\n{argv}  {section}\n")
    told(sqlite_project.inv("drain"), 78, part)
    assert sqlite_project.phases() == {"r/a": ("FAILED", None)}
    assert not list(sqlite_project.root.glob(".autonomous_runs/*/*.json"))


@pytest.mark.parametrize(
    ("command", "part"),
    [
        ({"argv": ["no-such-program"]}, "no-such-program"),
        ({"argv": ["./tasks.py"]}, "tasks.py"),
        ({"argv": ["/"]}, "batchdrain.command.argv"),
        ({"argv": [""]}, "batchdrain.command.argv"),
        ({"cwd": "nowhere"}, "batchdrain.command.cwd"),
    ],
    ids=["missing", "not executable", "folder", "empty", "cwd"],
)
def test_a_command_that_can_not_be_executed_is_told_before_the_first_claim(
    sqlite_project: Workplace, command: dict[str, Any], part: str
) -> None:
    sqlite_project.fail("r/a")
    sqlite_project.configure(command=command)

    told(sqlite_project.inv("drain"), 78, part)

    assert sqlite_project.states() == {"r/a": "FAILED"}
    made = sqlite_project.sql("SELECT name FROM sqlite_master WHERE name = 'batchdrain_claim'")
    assert not made or sqlite_project.sql("SELECT count(*) FROM batchdrain_claim") == [(0,)]
    assert not sqlite_project.sessions.exists()


@pytest.mark.parametrize(
    ("env", "part"),
    [
        ({"BATCH_SIZE": ""}, "INVOKE_BATCHDRAIN_BATCH_SIZE: expected a whole number"),
        ({"TIMEOUT_ADAPTIVE": "maybe"}, "INVOKE_BATCHDRAIN_TIMEOUT_ADAPTIVE: "),
        ({"TIMEOUT_DEFAULT_S": "inf"}, "INVOKE_BATCHDRAIN_TIMEOUT_DEFAULT_S: expected a duration"),
        ({"BATCH_SISE": "3"}, "INVOKE_BATCHDRAIN_BATCH_SISE: names no setting (did you mean 'INVOKE_BATCHDRAIN_BATCH_SIZE'?)"),
        ({"TIMEOUT": "5"}, "INVOKE_BATCHDRAIN_TIMEOUT: names no setting"),
        ({"POLICY": "[" * 100_000}, "INVOKE_BATCHDRAIN_POLICY: "),
        ({"POLICY": '["evil:policy"]'}, "INVOKE_BATCHDRAIN_POLICY: a path to code"),
        ({"POLICY": '[{"name": "evil:policy"}]'}, "INVOKE_BATCHDRAIN_POLICY: a path to code"),
        ({"ENGINE": "evil:policy"}, "INVOKE_BATCHDRAIN_ENGINE: a path to code"),
    ],
    ids=str,
)  # fmt: skip
def test_a_wrong_variable_is_named_and_runs_no_code(sqlite_project: Workplace, env: dict[str, str], part: str) -> None:
    sqlite_project.fail("r/a")
    sqlite_project.configure(policy=["smart"])
    (sqlite_project.root / "evil.py").write_text("open('pwned', 'w')\ndef policy(lane, now): return 0\n")
    refused(sqlite_project, ["drain"], 78, part, env={f"INVOKE_BATCHDRAIN_{name}": value for name, value in env.items()})


def test_variables_are_read_as_people_write_them(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a", "s/b")
    sqlite_project.configure(policy=["smart"], timeout={"default_s": 60, "adaptive": True})
    env = {"POLICY": "run-order,smart", "TIMEOUT_ADAPTIVE": "false", "TIMEOUT_DEFAULT_S": "2m", "BATCH_SIZE": "1"}

    ran = sqlite_project.inv("dry-run", env={f"INVOKE_BATCHDRAIN_{name}": value for name, value in env.items()})

    assert ran.code == 0, ran.err
    assert "(policy run-order > smart)" in ran.out
    assert "Timeout: 120 s (INVOKE_BATCHDRAIN_TIMEOUT_DEFAULT_S)" in ran.out
    assert "Would drain 1 of 2" in ran.out


def test_a_tag_in_yaml_executes_nothing(sqlite_project: Workplace) -> None:
    write(sqlite_project, 'batchdrain:\n  batch_size: !!python/object/apply:os.system ["touch pwned"]\n')
    assert sqlite_project.inv("drain").code != 0
    assert not (sqlite_project.root / "pwned").exists()


def test_an_empty_section_is_all_defaults_and_init_fills_it_in_once(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    write(sqlite_project, "batchdrain:\nother: {key: 1}\n")
    ran = sqlite_project.inv("init", f"--database-url={sqlite_project.url}")
    text = (sqlite_project.root / "invoke.yaml").read_text()
    assert (ran.code, text.count("\nbatchdrain:") + text.startswith("batchdrain:")) in {(0, 1), (78, 1)}
    assert "other: {key: 1}" in text


def test_doctor_ends_well_whatever_stands_in_the_file(sqlite_project: Workplace) -> None:
    write(sqlite_project, "batchdrain: {policy: 5, timeout: [], retry: {max_attempts: x}, command: 3, nonsense: {}}\n")
    before = snapshot(sqlite_project)
    ran = sqlite_project.inv("doctor", "--format=json")
    assert (ran.code, ran.err) == (78, "")
    said = json.dumps([finding for finding in ran.json() if not finding["ok"]])
    for place in ("policy", "timeout", "retry.max_attempts", "command", "nonsense"):
        assert f"batchdrain.{place}" in said
    assert snapshot(sqlite_project) == before


def test_a_folder_in_place_of_the_demo_s_database_is_told(sqlite_project: Workplace) -> None:
    (sqlite_project.root / "invoke.yaml").unlink()
    for make in (Path.mkdir, Path.rmdir):
        make(sqlite_project.root / "batchdrain.db")
        if make is Path.mkdir:
            refused(sqlite_project, ["demo"], 78, "never replaces a database of yours")
    (sqlite_project.root / "batchdrain.db").write_text("my notes")
    refused(sqlite_project, ["demo"], 78, "never replaces a database of yours")


def test_a_few_lines_that_stand_for_billions_of_values_are_refused(tmp_path: Path) -> None:
    """Where they come to us at all: Invoke reads the file first, and takes its time."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    (tmp_path / "invoke.yaml").write_text("\n".join(lines) + "\nbatchdrain: {policy: *a11}\n")
    bomb: list[object] = ["x"] * 10
    for _ in range(11):
        bomb = [bomb] * 10

    [finding] = project_checks.check_settings_files([tmp_path / "invoke.yaml"])

    assert (finding.ok, "more than 100 aliases" in finding.message) == (False, True)
    with pytest.raises(ConfigError, match="more than 100000 values"):
        load({"policy": bomb}, {})


@pytest.mark.parametrize("mode", [0o664, 0o646])
def test_code_is_not_imported_at_the_word_of_a_file_that_others_may_write(sqlite_project: Workplace, mode: int) -> None:
    sqlite_project.fail("r/a")
    (sqlite_project.root / "evil.py").write_text("open('pwned', 'w')\ndef policy(lane, now): return 0\n")
    sqlite_project.configure(policy=["evil:policy"])
    let_a_group_write(sqlite_project.root / "invoke.yaml", mode)
    refused(sqlite_project, ["drain"], 78, "others may write it", "chmod go-w")
    sqlite_project.configure(policy=["smart"])
    (sqlite_project.root / "invoke.yaml").chmod(mode)
    assert sqlite_project.inv("drain").code == 0
    assert not (sqlite_project.root / "pwned").exists()


EVIL = {"policy": ["evil:policy"]}


def evil(place: Workplace) -> None:
    place.fail("r/a")
    (place.root / "evil.py").write_text("open('pwned', 'w')\ndef policy(lane, now): return 0\n")


@pytest.mark.parametrize("name", ["invoke.yml", "invoke.json", "invoke.py", ".invoke.yaml", "other.yaml"])
def test_every_file_that_may_name_code_must_be_ours(sqlite_project: Workplace, name: str) -> None:
    """Those of the project, that of the user, and the one that is given with `inv -f`."""
    evil(sqlite_project)
    section = json.loads((sqlite_project.root / "invoke.yaml").read_text())
    section["batchdrain"].update(EVIL)
    if not name.startswith("."):
        (sqlite_project.root / "invoke.yaml").unlink()
    text = f"batchdrain = {section['batchdrain']!r}" if name.endswith(".py") else json.dumps(section)
    (sqlite_project.root / name).write_text(text)
    (sqlite_project.root / name).chmod(0o666)
    flags = ["-f", "other.yaml"] if name == "other.yaml" else []
    ran = sqlite_project.inv(*flags, "drain", env={"HOME": str(sqlite_project.root)})
    told(ran, 78, f"{name}: names code", "others may write it", "chmod go-w")
    assert not (sqlite_project.root / "pwned").exists()
    (sqlite_project.root / name).chmod(0o644)
    assert sqlite_project.inv(*flags, "drain", env={"HOME": str(sqlite_project.root)}).code == 0
    assert (sqlite_project.root / "pwned").exists()


@pytest.mark.parametrize("name", ["invoke.yml", "invoke.json"])
def test_doctor_reads_the_settings_file_that_invoke_reads(sqlite_project: Workplace, name: str) -> None:
    text = (sqlite_project.root / "invoke.yaml").read_text()
    (sqlite_project.root / "invoke.yaml").unlink()
    (sqlite_project.root / name).write_text(text)
    assert f"ok   {name}: can be read, no key occurs twice" in sqlite_project.inv("doctor").lines
    (sqlite_project.root / name).write_text('{"batchdrain": {"batch_size": 1, "batch_size": 2}}')
    ran = sqlite_project.inv("doctor")
    assert (ran.code, f"{sqlite_project.root / name}: " in ran.out, "the key 'batch_size' occurs twice" in ran.out) == (
        78,
        True,
        True,
    )


def test_doctor_passes_over_files_and_sections_that_are_not_for_batchdrain(sqlite_project: Workplace) -> None:
    """Invoke reads the first of four files alone; and other tools have their own habits."""
    (sqlite_project.root / "invoke.yml").write_text("a: [")
    text = (sqlite_project.root / "invoke.yaml").read_text()
    (sqlite_project.root / "invoke.yaml").write_text(
        f"run: {{mode: 0644, echo: true, echo: false}}\nbatchdrain: {text[14:-1]}\n"
    )
    ran = sqlite_project.inv("doctor")
    assert "ok   invoke.yaml: can be read, no key occurs twice" in ran.lines, ran.out
    assert "invoke.yml" not in ran.out


@pytest.mark.parametrize("name", ["evil.py", "inner/evil.py", "inner", "."])
def test_code_that_others_may_write_is_not_imported(sqlite_project: Workplace, name: str) -> None:
    evil(sqlite_project)
    (sqlite_project.root / "inner").mkdir()
    (sqlite_project.root / "inner" / "evil.py").write_text((sqlite_project.root / "evil.py").read_text())
    sqlite_project.configure(policy=["inner.evil:policy" if "inner" in name else "evil:policy"])
    (sqlite_project.root / name).chmod(0o777)
    refused(sqlite_project, ["drain"], 78, "others may write it", "chmod go-w")
    assert not (sqlite_project.root / "pwned").exists()
    (sqlite_project.root / name).chmod(0o1777 if name == "." else 0o755)  # where others may add files but change none
    assert sqlite_project.inv("drain").code == 0


@pytest.mark.parametrize("text", ["batch_size: 10:30", "batch_size: 017", "states: {failed: 017}"])
def test_a_number_that_yaml_reads_as_another_is_told_by_doctor(tmp_path: Path, text: str) -> None:
    path = tmp_path / "invoke.yaml"
    path.write_text(f"batchdrain: {{{text}}}")
    [finding] = project_checks.check_settings_files([path])
    assert (finding.ok, "quote it" in finding.message) == (False, True), finding
