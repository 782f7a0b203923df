from benchmarks.scale import judged, memory_of, stored
from pipeline.stages import dedup


def test_a_batch_is_judged_against_the_days_that_were_stored(tmp_path):
    sizes = [stored(300, day, tmp_path) for day in range(2)]
    again = judged(300, 1, tmp_path)
    alone = judged(300, 2, tmp_path / "empty")

    assert set(sizes[0]) == {f"mb_per_million.{table.name}" for table in dedup.STATE}
    assert len(memory_of(tmp_path).fingerprints) == 2
    assert again["met"] == 300  # the very paragraphs of a stored day
    assert alone["met"] == 0
    assert 0 < alone["clusters"] < 300
