"""What a run leaves when it is stopped; `make torture` does the same for every call and 200 kills."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import WriteError
from pipeline.store import Store
from tests.faults import STEPS, injected
from tests.newsdesk import Desk, kept, leftovers
from tests.world import current, inline, put

EVERY = 97  # of the calls that change the output, one in so many fails here


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    return Desk.set_up(tmp_path_factory.mktemp("desk"))


def test_a_run_whose_nth_call_fails_leaves_the_version_before_and_the_next_succeeds(desk, tmp_path):
    for at in range(5, desk.n_calls + 1, EVERY):
        out = desk.copy(tmp_path / str(at))
        assert desk.fails(out, at) is None
        assert leftovers(out) == []
        assert len(kept(out)) == 1


def test_a_failure_says_which_file_and_why_and_exits_with_73(desk, tmp_path):
    out = desk.copy(tmp_path / "out")

    with inline(), injected(out, desk.step("manifest written"), 28), pytest.raises(WriteError) as failed:
        desk.second(out)

    assert "manifest.json: No space left on device" in str(failed.value)
    assert failed.value.exit_code == 73
    assert current(out).path.name == kept(desk.made)[0]
    assert leftovers(out) == []


@pytest.mark.parametrize("name", ["pointer swapped", pytest.param("version renamed", marks=pytest.mark.torture)])
def test_a_kill_at_a_named_step_leaves_a_whole_version_and_the_next_run_the_same_bytes(desk, tmp_path, name):
    assert desk.killed_at(desk.copy(tmp_path / "out"), desk.step(name)) is None


def test_every_named_step_is_taken(desk):
    assert sorted(STEPS, key=desk.step) == list(STEPS)


def test_of_two_runs_started_together_one_runs(desk, tmp_path):
    assert desk.pair(desk.copy(tmp_path / "out")) is None


def test_a_stage_folder_removed_half_way_is_no_stage(desk, tmp_path):
    out = desk.copy(tmp_path / "out")
    removing = next(number for number, (done, path) in enumerate(desk.calls, 1) if done == "unlink" and "part-" in path)
    with inline(), injected(out, removing, 5), pytest.raises(WriteError):
        desk.second(out)

    assert not list((out / ".stage").glob("*/stage.json"))


def test_a_file_larger_than_allowed_is_a_write_error(desk, tmp_path):
    out = desk.copy(tmp_path / "out")
    limited = (
        "import resource, runpy, sys\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "sys.argv = sys.argv[1:]\n"
        "runpy.run_module('pipeline.cli', run_name='__main__', alter_sys=True)"
    )
    words = desk.command(out)

    ended = subprocess.run([sys.executable, "-c", limited, *words[2:]], capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stderr.count("\n")) == (73, 1), ended.stderr
    assert "File too large" in ended.stderr
    assert desk.wrong(out) is None


def processes_of(group):
    """Ids of living processes of a process group."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text(encoding="utf-8").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(int(status.parent.name))
    return found


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), pytest.param(signal.SIGINT, 130, marks=pytest.mark.torture)]
)
def test_a_signal_ends_the_run_its_pool_and_says_so_in_one_line(desk, tmp_path, number, code):
    out, source = desk.copy(tmp_path / "out"), tmp_path / "raw"
    for article in range(200):
        put(source, f"herald.example/a{article}.html", f"<p>{'The ferry sailed at night. ' * 3000}{article}")
    words = desk.command(out)
    words[words.index("--in") + 1] = str(source)
    with subprocess.Popen(words, start_new_session=True, stderr=subprocess.PIPE, text=True) as running:
        deadline = time.monotonic() + 120
        while len(processes_of(running.pid)) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        os.kill(running.pid, number)
        said = running.stderr.read()
        assert running.wait() == code
        while processes_of(running.pid) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert processes_of(running.pid) == []

    assert said == "error: interrupted; readers see a whole version\n"
    assert desk.wrong(out) is None


def test_a_reader_that_leaves_is_no_error(desk):
    article = current(desk.made).manifest["inputs"][0]["article_id"]
    command = [sys.executable, "-m", "pipeline.cli", "explain", article, "--json", "--out", str(desk.made)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as shown:
        shown.stdout.close()
        assert shown.stderr.read() == b""
        assert shown.wait() == 141


def test_a_lock_whose_holder_died_is_free(tmp_path):
    holder = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom pipeline.store import Store\n"
        "with Store(Path(sys.argv[1])).locked():\n    os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", holder, str(tmp_path)], check=False).returncode == -signal.SIGKILL
    assert (tmp_path / ".lock").exists()

    with Store(tmp_path).locked():
        pass


def test_a_flipped_bit_is_named(desk, tmp_path):
    chance = np.random.default_rng(7)
    for number in range(12):
        assert desk.flipped(desk.copy(tmp_path / str(number)), chance) is None
