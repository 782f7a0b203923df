import io
import json

from pipeline.console import Console, funnel, printable

COUNTS = {
    "extract": {"n_inputs": 7, "n_written": 4, "n_rejected": 1, "n_unchanged": 2, "n_repeated": 0, "n_revised": 1,
                "rejected_by_reason": {"empty": 1}},
}  # fmt: skip


def test_control_characters_are_shown_not_obeyed():
    assert printable("a\x1b[2Jb\u202ec\r") == "a\\u001b[2Jb\\u202ec\\u000d"


def test_text_of_any_script_is_left_alone():
    assert printable("최선희 — “no” é") == "최선희 — “no” é"


def test_the_funnel_ends_with_the_balance():
    lines = funnel(COUNTS).split("\n")

    assert lines[0].split()[1:4] == ["7", "rejected:", "1"]
    assert lines[-1] == "balance     7 inputs = 4 written + 1 rejected + 2 unchanged"


def test_quiet_says_only_errors():
    stream = io.StringIO()
    console = Console(level=-1, stream=stream)

    console.say("done")
    console.warning("w", "look")
    console.event("e", "step")
    console.error("no input", 66)

    assert stream.getvalue() == "error: no input\n"


def test_a_json_log_is_one_object_a_line():
    stream = io.StringIO()
    console = Console("json", stream=stream)

    console.event("clean", "clean: done", n_lines=3)
    console.warning("rejected", "1 rejected\nforged line", n=1)

    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [event["event"] for event in events] == ["clean", "rejected"]
    assert events[0]["n_lines"] == 3


def test_progress_is_for_terminals_only():
    stream = io.StringIO()
    console = Console(stream=stream)

    console.progress(50, "documents read")

    assert stream.getvalue() == ""
