"""What may come in from outside, and the tests that hold what is right for it. `test_bad_input.py` finds each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

BAD_INPUT: Final[Mapping[str, tuple[str, ...]]] = {
    "a session file that is empty, cut off, deep, twice, of another encoding, huge": (
        "test_sessions_that_can_not_be_read_are_listed_with_why",
        "test_what_is_no_session_is_told_as_corrupt",
    ),
    "a session file of another schema": ("test_a_newer_schema_is_refused_and_left_alone",),
    "a session file that is a link, a FIFO, another owner's, or that others may write": (
        "test_links_and_fifos_are_not_read",
        "test_a_session_file_that_others_may_write_is_refused",
    ),
    "a session id that is no name": ("test_a_name_that_can_be_no_session_is_refused",),
    "two sessions of one second": ("test_names_of_one_second_differ_and_are_counted",),
    "a flag with a wrong value": ("test_a_wrong_flag_changes_nothing",),
    "settings of the wrong type, an unknown key, a key twice, a tag": (
        "test_every_problem_of_the_settings_is_told_at_once",
        "test_a_tag_in_yaml_executes_nothing",
    ),
    "settings that stand for themselves or for billions of values": (
        "test_a_few_lines_that_stand_for_billions_of_values_are_refused",
    ),
    "a path with a `~` or a variable": (
        "test_sessions_lie_below_the_home_folder",
        "test_a_variable_in_a_path_is_refused",
    ),
    "a command that can't be executed": ("test_a_command_that_can_not_be_executed_is_told_before_the_first_claim",),
    "a URL with options that read files or undo locks": ("test_doctor_says_of_a_url_of_sqlite_what_the_drain_says",),
    "a server that falls silent, drips or never ends": ("test_a_server_that_drips_is_left_though_each_byte_comes_in_time",),
    "a table without transactions": ("test_a_table_without_transactions_is_refused_before_anything_is_written",),
    "a column whose type does not give back what was read": ("test_a_type_that_can_not_name_a_row_is_refused",),
    "states that a collation takes for equal": (
        "test_words_that_a_collation_takes_for_one_are_counted_selected_and_written_apart",
    ),
    "ids with quotes, newlines, paths, escapes, twins": (
        "test_ugly_ids_reach_the_command_byte_for_byte_and_harm_nothing",
        "test_no_task_is_harmed_by_a_backlog_of_random_attacks",
    ),
    "ids that no argument takes": ("test_ids_of_megabytes_are_named_and_never_claimed",),
    "a phase_index beyond all bounds": ("test_a_phase_index_beyond_all_bounds_stops_nobody",),
    "a failure text of escapes, NUL, no UTF-8": ("test_ugly_reasons_can_not_break_any_sink",),
    "a failure text that breaks the connection": ("test_a_row_in_trouble_is_named_and_skipped_and_the_rest_goes_on",),
    "commands of CI runners and unseen characters in rows and logs": ("test_no_task_prints_a_command_of_ci_nor_an_escape",),
    "a clock of the past or of the future": ("test_a_session_of_the_future_is_still_the_newest",),
    "a plain terminal, closed streams, a folder that is gone": ("test_a_plain_terminal_gets_ascii",),
    "a log or a result file without end, with holes, or that is no file": (
        "test_a_command_that_makes_its_log_four_terabytes_is_recorded_with_its_own_words",
        "test_a_command_that_makes_something_else_of_its_files_ends_as_it_ends",
    ),
    "a record of a guardian with anything in it": ("test_no_record_ends_a_recovery_or_leaves_its_phase_held",),
    "a folder, a link, a plugin that others may put another in the place of": (
        "test_what_is_swapped_during_a_drain_is_not_written_to",
        "test_code_that_others_may_write_is_imported_by_no_way",
    ),
    "a secret in any form that programs write": (
        "test_no_form_of_a_secret_reaches_an_output_a_session_the_events_or_the_table",
    ),
    "a run that is named as a glob": ("test_a_run_that_is_named_as_a_glob_is_accepted_alone",),
    "a shell's, SQL's or Markdown's own signs": ("test_an_extra_condition_can_not_reach_beyond_its_place",),
    "a rule or a plugin of yours that never ends": (
        "test_a_rule_of_yours_that_would_go_back_for_ever_decides_like_any_other",
    ),
    "a session file that says what is to be executed": ("test_a_session_file_never_says_what_is_executed",),
}
