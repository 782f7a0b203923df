"""A whole run on Spark: the tables, the state and their bytes are those of one machine, whichever went before."""

import json

import pytest
from polars.testing import assert_frame_equal

from benchmarks.world.newsroom import World
from benchmarks.world.write import written
from pipeline import schemas
from pipeline.check import problems
from pipeline.config import load
from pipeline.engines.local import Local
from pipeline.run import Order, run
from pipeline.stages import STAGES
from tests.engines.conftest import SHORT_LIVED
from tests.world import FIRST, SECOND, THIRD, Silent, bytes_of, current, put, record, rows

pytestmark = pytest.mark.spark

ARTICLES = 2_000
HOT = (
    "The harbour of Tórshöfn will open again on Monday, the port authority said, after engineers from Łódź and Kraków "
    "had repaired the quay — it sank by 40 centimetres in the storm of 9 October, and eleven ferries have called at "
    "Varga since then."
)
BOTH = ("local", "spark")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A made-up world of 2,000 articles; one paragraph is in 400 of them, two inputs are damaged."""
    root = tmp_path_factory.mktemp("world")
    for _ in written(World(ARTICLES, 2, 12, seed=5), root, ["text"], "jsonl"):
        pass
    for day, file in enumerate(sorted((root / "text").glob("*.jsonl"))):
        entries = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        for entry in entries[::5]:
            before, after = entry["text"][: len(entry["text"]) // 2], entry["text"][len(entry["text"]) // 2 :]
            entry["text"] = before + after.replace("\n\n", f"\n\n{HOT}\n\n", 1)
        text = "".join(record(**entry) for entry in entries)
        put(root, f"day-{day}/world.jsonl", text + '{"id": "cut", "te\n')
    put(root, "day-0/bad.example/empty.txt", "")
    return root


@pytest.fixture(scope="module")
def config(source):
    sets = ("spark.master=local[2]", f"spark.conf.spark.driver.extraJavaOptions={SHORT_LIVED}")
    return load(source / "config.toml", sets)


@pytest.fixture(scope="module")
def outputs(source, config, spark, tmp_path_factory):
    """Two outputs; of the engines one begins the first of them, the other the second, and they change places."""
    root = tmp_path_factory.mktemp("outputs")

    def taken(day, as_of, engines):
        for first, engine in zip(BOTH, engines, strict=True):
            run(Order(config, source / day, root / first, as_of, jobs=2, engine=engine), Silent())
        return [bytes_of(root / first) for first in BOTH]

    return root, taken("day-0", FIRST, BOTH), taken("day-1", SECOND, BOTH[::-1])


def test_spark_makes_the_bytes_of_one_machine(outputs):
    _, (local, spark), _ = outputs

    assert list(spark) == list(local)
    assert [path for path in local if spark[path] != local[path]] == []


def test_each_engine_goes_on_from_the_other(outputs):
    root, _, (spark_after_local, local_after_spark) = outputs

    assert list(local_after_spark) == list(spark_after_local)
    assert [path for path in local_after_spark if spark_after_local[path] != local_after_spark[path]] == []
    assert [list(problems(current(root / first), deep=True)) for first in BOTH] == [[], []]


@pytest.mark.parametrize("stage", STAGES[:-1])
def test_every_stage_leaves_the_same_rows(outputs, stage):
    root, _, _ = outputs
    tables = {first: stage_tables(root / first / ".stage" / stage) for first in BOTH}

    assert tables["spark"].keys() == tables["local"].keys() != set()
    for table, rows_of_one in tables["local"].items():
        assert_frame_equal(tables["spark"][table], rows_of_one)


def stage_tables(folder):
    """Every table of a stage's folder, its rows in one order."""
    found = {table.name: Local().gather(folder, table.name) for table in folder.iterdir() if table.is_dir()}
    scalars = {
        table: [name for name in frame.columns if not frame[name].dtype.is_nested()] for table, frame in found.items()
    }
    return {table: frame.sort(scalars[table]) for table, frame in found.items()}


def test_the_world_has_what_is_hard(outputs):
    root, _, _ = outputs

    paragraphs = rows(root / "spark", schemas.PARAGRAPHS)
    copied = paragraphs.filter(paragraphs["text"] == HOT)
    assert copied.height > 250
    assert copied["cluster_id"].n_unique() == 1
    assert rows(root / "spark", schemas.REJECTS)["reason"].unique().sort().to_list() == ["bad_record", "empty"]
    assert rows(root / "spark", schemas.ARTICLES).height > 0.99 * ARTICLES


def test_a_batch_without_articles_is_one_on_spark_too(outputs, config):
    root, _, _ = outputs
    source = put(root, "third/cut.jsonl", '{"id": "cu\n').parent

    for first, engine in zip(BOTH, BOTH, strict=True):
        outcome = run(Order(config, source, root / first, THIRD, engine=engine), Silent())
        assert outcome.n_rejected == 1

    local, spark = (bytes_of(root / first) for first in BOTH)
    assert local == spark
