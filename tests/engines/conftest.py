"""The engines that are held to one contract."""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from pipeline.engines.local import Local

ROOT = Path(__file__).parents[2]
# Half the CPU seconds of a JVM that lives a minute: it compiles less, and collects garbage in one thread.
SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


def refuse_without_spark():
    """Fail, and say why, where Spark cannot run: who asks for these tests wants them run."""
    for needed, there in (("PySpark", find_spec("pyspark")), ("Java", shutil.which("java"))):
        if not there:
            pytest.fail(f"{needed} is not installed: `make test-spark` brings PySpark, Java 17 must be there")


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    """Spark in this process and two cores of it; started once."""
    refuse_without_spark()
    from pipeline.engines.spark import Spark

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
        conf = {"spark.driver.extraJavaOptions": SHORT_LIVED}
        yield Spark(tmp_path_factory.mktemp("spark"), "local[2]", conf)


@pytest.fixture(params=["local-1", "local-2", pytest.param("spark", marks=pytest.mark.spark)])
def engine(request):
    """Each engine in turn."""
    return request.getfixturevalue("spark") if request.param == "spark" else Local(int(request.param[-1]))
