"""A run on Spark from one bucket into another."""

import subprocess
import sys

import pytest

from pipeline.errors import WriteError
from pipeline.objects import Objects
from tests.bucket import running
from tests.engines.conftest import SHORT_LIVED, refuse_without_spark
from tests.world import FIRST, newsroom

pytest.importorskip("obstore", reason="buckets need requirements-s3.lock")
pytest.importorskip("moto", reason="the S3 server needs requirements-s3.lock")
pytestmark = pytest.mark.cluster


def tables(url):
    """Every Parquet file of the one version in a bucket, by its path there."""
    objects = Objects(url, WriteError)
    keys = [key for key in objects.listed() if key.endswith(".parquet")]
    return {key.split("/", 2)[2]: b"".join(objects.pieces(key)) for key in keys}


def test_spark_reads_and_writes_buckets_as_one_machine_does(tmp_path, monkeypatch):
    refuse_without_spark()
    raw = newsroom(tmp_path / "raw")

    def ran(source, out, *words):
        command = (sys.executable, "-m", "pipeline.cli", "run", "-q", "--in", source, "--out", out)
        settings = ("--set", f"remote.work_dir={tmp_path}/mirrors", "--as-of", FIRST.isoformat())
        subprocess.run([str(word) for word in (*command, *settings, *words)], check=True, timeout=300)

    with running() as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        source, here, there = (server.make(name) for name in ("raw", "local", "spark"))
        for file in raw.rglob("*.txt"):
            server.put(source, file.relative_to(raw).as_posix(), file.read_bytes())
        ran(source, here)
        on_spark = ("--engine", "spark", "--set", "spark.master=local[2]")
        ran(source, there, *on_spark, "--set", f"spark.conf.spark.driver.extraJavaOptions={SHORT_LIVED}")
        ours, theirs = tables(here), tables(there)

    assert ours == theirs
    assert {name.split("/")[0] for name in ours} > {"articles", "paragraphs", "state"}
