"""Whatever is in the input, every document is accounted for."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline import schemas
from tests.hostile.cases import CASES, STORY, put_case
from tests.world import current, inline, put, ran

QUICK = [case for case in CASES if not case.is_slow]
corpora = st.tuples(
    st.lists(st.sampled_from(QUICK), max_size=12, unique_by=lambda case: case.name),
    st.lists(st.integers(0, 5), min_size=1, max_size=6),
)


@settings(max_examples=4)
@given(corpora)
@example(([case for case in QUICK if case.n_repeated], [0]))
def test_inputs_are_written_refused_or_unchanged_and_nothing_else(corpus):
    cases, numbers = corpus
    with TemporaryDirectory() as folder:
        root = Path(folder)
        for place, number in enumerate(numbers):
            put(root / "raw", f"good.example/{place}.txt", f"{STORY}\n\nOnly here: {number}.")
        for case in cases:
            put_case(case, root / "raw/poison.example")
        with inline():
            ran(root / "raw", root / "clean", sets=("run.max_reject_share=1.0",))
        version = current(root / "clean")
        taken = version.manifest["counts"]["extract"]
        articles, rejects = (
            version.read(table)["source_path"].to_list() for table in (schemas.ARTICLES, schemas.REJECTS)
        )

    assert taken["n_inputs"] == taken["n_written"] + taken["n_rejected"] + taken["n_unchanged"]
    assert (taken["n_written"], taken["n_rejected"]) == (len(articles), len(rejects))
    assert sum(path.startswith("good.example") for path in articles) == len(set(numbers))
    repeated = len(numbers) - len(set(numbers)) + sum(case.n_repeated for case in cases)
    assert taken["n_unchanged"] == repeated
    assert {Path(path).name for path in articles + rejects} >= {case.name for case in cases}
