import shutil
import weakref
from datetime import timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipeline import schemas, state
from pipeline.check import problems
from pipeline.config import load
from pipeline.errors import ConfigError, DamagedError
from pipeline.files import read_table
from pipeline.store import Store
from tests.test_forget import FERRY, forgotten
from tests.world import EDITED, LOCAL, SECOND, THIRD, WIRE, bytes_of, current, page, put, ran, record

MADE_AGAIN = [table for table in schemas.STATE_TABLES if table is not schemas.FILES]


def damage(out, table):
    """Turn a bit of the table's first state file."""
    file = next(iter(current(out).files(table, state=True).values()))
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2] ^= 1
    file.unlink()
    file.write_bytes(raw)


def test_the_size_of_a_state_that_lacks_a_file_is_not_told(workshop):
    _, out = workshop
    version = current(out)
    next(iter(version.files(schemas.MEMBERS, state=True).values())).unlink()

    with pytest.raises(DamagedError, match=r"state/members/day=2026-11-17/part-0\.parquet: listed in the manifest"):
        version.n_bytes(schemas.MEMBERS, state=True)


def rebuilt_state(out):
    with Store(out).locked():
        return state.rebuild(Store(out), load())


@pytest.mark.parametrize("table", schemas.STATE_TABLES[:7], ids=lambda table: table.name)
def test_a_damaged_state_is_refused_by_name(workshop, table):
    source, out = workshop
    before = current(out).run_id
    damage(out, table)

    with pytest.raises(DamagedError, match=f"state/{table.name}/day=2026-11-17.*`copydesk state rebuild`") as refused:
        ran(source, out, THIRD)

    assert refused.value.exit_code == 65
    assert current(out).run_id == before


def test_a_state_of_another_version_is_refused(workshop):
    source, out = workshop
    older, newer = Store(out).versions()
    shutil.rmtree(newer.path / "state")
    shutil.copytree(older.path / "state", newer.path / "state")

    with pytest.raises(DamagedError, match="listed in the manifest, not there"):
        ran(source, out, THIRD)


def test_a_state_made_from_the_tables_is_that_of_the_runs(workshop):
    source, out = workshop
    before = {table.name: current(out).read(table, state=True) for table in MADE_AGAIN}
    tables = {path: raw for path, raw in bytes_of(out).items() if not path.startswith("state/")}
    damage(out, schemas.FINGERPRINTS)

    rebuilt_state(out)

    for table in MADE_AGAIN:
        assert_frame_equal(current(out).read(table, state=True), before[table.name])
    assert {path: raw for path, raw in bytes_of(out).items() if not path.startswith("state/")} == tables
    assert list(problems(current(out), deep=True)) == []
    assert ran(source, out, THIRD).version is None


def test_the_next_run_goes_on_as_if_nothing_had_happened(workshop, tmp_path):
    source, out = workshop
    undisturbed = tmp_path / "undisturbed"
    shutil.copytree(out, undisturbed, symlinks=True)
    damage(out, schemas.MEMBERS)
    rebuilt_state(out)
    put(source, "north.example/later.txt", page("Ferries again", *EDITED, WIRE[2]))

    for folder in (undisturbed, out):
        ran(source, folder, THIRD)

    for table in (schemas.PARAGRAPHS, schemas.LINKS, schemas.CLUSTERS, schemas.ARTICLES, schemas.LINES):
        assert_frame_equal(current(out).read(table).drop("batch_id"), current(undisturbed).read(table).drop("batch_id"))


def test_revisions_and_rejects_come_through(workshop):
    source, out = workshop
    put(source, FERRY, page("Five night sailings", *WIRE[:2], LOCAL[1]))
    put(source, "herald.example/empty.txt", "")
    put(source, "feed.jsonl", record(id="9", outlet="feed.example", text="\n\n".join(LOCAL)))
    ran(source, out, THIRD)
    damage(out, schemas.INPUTS)

    rebuilt_state(out)

    assert list(problems(current(out), deep=True)) == []
    inputs = current(out).read(schemas.INPUTS, state=True)
    assert sorted(inputs["status"]) == ["rejected", *["written"] * 5]
    assert inputs.filter(pl.col("status") == "written")["key"].null_count() == 0
    assert ran(source, out, THIRD).version is None


def test_no_state_is_made_for_tables_of_another_form(workshop, monkeypatch):
    _, out = workshop
    before = current(out).run_id
    monkeypatch.setattr("pipeline.schemas.SCHEMA_VERSION", 99)

    with pytest.raises(ConfigError, match=r"this copydesk makes form 99: `copydesk run --rebuild`"):
        rebuilt_state(out)

    assert current(out).run_id == before


def test_batches_that_no_later_one_looks_back_to_are_let_go(workshop, monkeypatch):
    source, out = workshop
    for days in (10, 20):
        put(source, f"fish.example/{days}.txt", page(f"Fish market {days}", f"{LOCAL[1]} This was day {days}."))
        ran(source, out, THIRD + timedelta(days=days), sets=("dedup.window_days=5",))
    made, n_held, reuse = [], [], state._reuse

    def noted(*batch):
        n_held.append(sum(frame() is not None for frame in made))
        added = reuse(*batch)
        made.append(weakref.ref(added.fingerprints))
        return added

    monkeypatch.setattr(state, "_reuse", noted)
    rebuilt_state(out)

    assert n_held == [0, 1, 1, 1]
    assert list(problems(current(out), deep=True)) == []


def test_members_stand_where_they_came_and_stay_with_their_cluster(workshop):
    source, out = workshop

    def members_after(days, outlet, *paragraphs):
        as_of = SECOND + timedelta(days=days)
        put(source, f"{outlet}/{days}.txt", page(f"Day {days}", *paragraphs, date=f"{as_of:%d %B %Y}"))
        ran(source, out, as_of, sets=("dedup.window_days=5",))
        return members()

    def members():
        return {day: read_table(file) for day, file in current(out).files(schemas.MEMBERS, state=True).items()}

    before = members()
    grown = members_after(2, "island.example", *EDITED)

    for day in ("2026-11-17", "2026-11-18"):
        assert_frame_equal(grown[day], before[day])
    assert grown["2026-11-20"]["outlet"].unique().to_list() == ["island.example"]
    alive = pl.col("cluster_id").is_in(pl.concat([grown["2026-11-18"], grown["2026-11-20"]])["cluster_id"].implode())

    later = members_after(6, "fish.example", f"{LOCAL[1]} This was in the week after.")

    moved = later["2026-11-18"].join(before["2026-11-18"], on="paragraph_id", how="anti")
    assert list(later) == ["2026-11-18", "2026-11-20", "2026-11-24"]
    assert 0 < moved.height < before["2026-11-17"].height
    assert_frame_equal(moved, before["2026-11-17"].filter(alive))
    assert_frame_equal(later["2026-11-20"], grown["2026-11-20"])
    rebuilt_state(out)
    assert_frame_equal(members()["2026-11-18"], later["2026-11-18"])
    assert list(members_after(12, "fish.example", f"{LOCAL[1]} This was much later.")) == ["2026-11-24", "2026-11-30"]
    assert list(problems(current(out), deep=True)) == []


def test_what_was_forgotten_stays_forgotten(workshop):
    source, out = workshop
    forgotten(out)
    damage(out, schemas.FINGERPRINTS)

    rebuilt_state(out)

    assert ran(source, out, SECOND).version is None
    assert list(problems(current(out), deep=True)) == []


def test_damaged_tables_make_no_state(workshop):
    _, out = workshop
    file = next(iter(current(out).files(schemas.PARAGRAPHS).values()))
    raw = file.read_bytes()
    file.unlink()
    file.write_bytes(raw[:-1])

    with pytest.raises(DamagedError, match=r"paragraphs/day=2026-11-17.*whole tables only"):
        rebuilt_state(out)
