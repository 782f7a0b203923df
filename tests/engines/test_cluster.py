"""A real cluster on this machine: a master, two workers, and one of them killed with its executor in mid-shuffle.

`make cluster-test`; everything it starts is stopped by its process id.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks.world.newsroom import World
from benchmarks.world.write import written
from tests.engines.conftest import ROOT, SHORT_LIVED, refuse_without_spark
from tests.world import bytes_of

pytestmark = pytest.mark.cluster

ARTICLES = 300
PART = 25  # articles in a part: a dozen tasks in every step
PATIENCE = 600.0  # seconds for anything to happen, on a busy machine
RUN = f"import pipeline.intake; pipeline.intake.PART_ARTICLES = {PART}; from pipeline.cli import main; main()"


def until(said, what, *processes):
    """Wait for it, as long as these processes live."""
    deadline = time.monotonic() + PATIENCE
    while not (answer := said()):
        for process in processes:
            assert process.poll() is None, f"{process.args[-1]} ended before {what}"
        assert time.monotonic() < deadline, f"no {what} after {PATIENCE:g} s"
        time.sleep(0.05)
    return answer


def family(pid):
    """The process and all below it, by id."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return [pid]
    threads = [entry.name for entry in Path(f"/proc/{pid}/task").iterdir() if entry.name != str(pid)]
    for thread in threads:  # a JVM starts its children in a thread of its own
        try:
            children += Path(f"/proc/{pid}/task/{thread}/children").read_text().split()
        except FileNotFoundError:
            continue
    return [pid, *(member for child in children for member in family(int(child)))]


def ended(pid):
    """Kill a process, and all below it, that this test started."""
    for member in family(pid):
        try:
            os.kill(member, signal.SIGKILL)
        except ProcessLookupError:
            continue


def is_alive(pid):
    """Whether it runs; one that is dead and not yet waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@contextmanager
def cluster(folder):
    """(master's address, {worker: its folder for shuffles}) of two workers with a core each."""
    home = Path(find_spec("pyspark").submodule_search_locations[0])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_JAVA_OPTS": SHORT_LIVED,
        "PYTHONPATH": str(ROOT),
    }
    processes = []

    def started(name, role, *words, **more):
        with (folder / f"{name}.log").open("wb") as log:
            command = [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{role}", "--host", "127.0.0.1"]
            process = subprocess.Popen(
                [*command, "--webui-port", "0", *words], stdout=log, stderr=log, env=environment | more
            )
        processes.append(process)
        return process

    address = f"spark://127.0.0.1:{port}"
    try:
        started("master", "master.Master", "--port", str(port))
        workers = {}
        for name in ("one", "two"):
            place = folder / name
            words = ("--cores", "1", "--memory", "1g", "--work-dir", str(place / "work"), address)
            workers[started(name, "worker.Worker", *words, SPARK_LOCAL_DIRS=str(place))] = place
        log = folder / "master.log"
        until(lambda: log.read_text().count("Registering worker") == 2, "cluster", *processes)
        yield address, workers
    finally:
        for process in processes:
            ended(process.pid)
            process.wait()


def command(source, out, *words):
    return [sys.executable, "-c", RUN, "run", "-q", "-c", str(source / "config.toml"), "-i", str(source / "text"),
            "-o", str(out), "--as-of", "2026-11-20T06:00Z", "--jobs", "1", *words]  # fmt: skip


def test_a_run_outlives_a_worker_that_is_killed_in_mid_shuffle(tmp_path):
    refuse_without_spark()
    for _ in written(World(ARTICLES, 2, 8, seed=3), tmp_path / "raw", ["text"], "jsonl"):
        pass
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(command(tmp_path / "raw", tmp_path / "local"), check=True, env=environment, timeout=PATIENCE)

    with cluster(tmp_path) as (address, workers):
        conf = {"executor.memory": "512m", "executor.extraJavaOptions": SHORT_LIVED, "driver.host": "127.0.0.1"}
        sets = [f"spark.conf.spark.{key}={value}" for key, value in conf.items()]
        words = [word for given in (f"spark.master={address}", *sets) for word in ("--set", given)]
        job = subprocess.Popen(
            command(tmp_path / "raw", tmp_path / "spark", "--engine", "spark", *words), env=environment
        )
        try:
            shuffling = until(
                lambda: [worker for worker, place in workers.items() if any(place.rglob("shuffle_*.data"))],
                "shuffle", job, *workers,
            )  # fmt: skip
            lost = family(shuffling[0].pid)
            ended(shuffling[0].pid)
            assert job.wait(PATIENCE) == 0
        finally:
            ended(job.pid)
            job.wait()
        everybody = [member for worker in workers for member in family(worker.pid)] + lost

    assert len(lost) >= 2  # the worker and its executor
    log = (tmp_path / "spark" / ".stage" / "spark" / "spark.log").read_text()
    assert "worker lost" in log or "Lost executor" in log
    assert bytes_of(tmp_path / "spark") == bytes_of(tmp_path / "local")
    until(lambda: not any(is_alive(pid) for pid in everybody), "end of all that was started")
