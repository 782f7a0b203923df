import json
import resource
import subprocess
import sys
from unittest.mock import patch

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipeline import files, schemas
from pipeline.errors import DamagedError, LockedError, RefusedError, UsageError, WriteError
from pipeline.files import scan_tables, write_table
from pipeline.store import Draft, Store


def rows(*outlets):
    return pl.DataFrame([(outlet, "00", 1) for outlet in outlets], schema=schemas.OUTLET_LINES.schema, orient="row")


def committed(store, run_id, *, keep=3, base=None, **days):
    draft = Draft(run_id, base if base is not None else store.current())
    for day, frame in days.items():
        draft.write(schemas.OUTLET_LINES, day, frame, state=True)
    base_id = draft.base.run_id if draft.base else None
    version = store.commit(draft, {"run_id": run_id, "base": base_id})
    store.prune(keep)
    return version


def inode(version, day):
    return version.files(schemas.OUTLET_LINES, state=True)[day].stat().st_ino


def test_a_version_is_read_through_the_pointer(tmp_path):
    store = Store(tmp_path)

    committed(store, "run-1", day1=rows("herald.example"))

    assert (tmp_path / "current").is_symlink()
    assert str((tmp_path / "current").readlink()) == "versions/run-1"
    assert_frame_equal(store.current().read(schemas.OUTLET_LINES, state=True), rows("herald.example"))


def test_unchanged_files_are_the_same_inode(tmp_path):
    store = Store(tmp_path)
    first = committed(store, "run-1", day1=rows("a.example"), day2=rows("b.example"))

    second = committed(store, "run-2", day2=rows("b.example", "c.example"))

    assert inode(first, "day1") == inode(second, "day1")
    assert inode(first, "day2") != inode(second, "day2")
    assert_frame_equal(first.read(schemas.OUTLET_LINES, state=True), rows("a.example", "b.example"))


def test_the_manifest_lists_every_file_with_rows_and_hash(tmp_path):
    store = Store(tmp_path)
    committed(store, "run-1", day1=rows("a.example"))

    version = committed(store, "run-2", day2=rows("b.example", "c.example"))

    outputs = version.manifest["outputs"]
    assert [(output["path"], output["rows"]) for output in outputs] == [
        ("state/outlet_lines/day=day1/part-0.parquet", 1),
        ("state/outlet_lines/day=day2/part-0.parquet", 2),
    ]
    said = (version.path / "manifest.sha256").read_text().split()
    assert said[1] == "manifest.json"
    check = subprocess.run(
        ["sha256sum", "--check", "manifest.sha256"], cwd=version.path, capture_output=True, check=False
    )
    assert check.returncode == 0, check.stderr


def test_a_removed_day_is_gone_from_the_new_version_only(tmp_path):
    store = Store(tmp_path)
    first = committed(store, "run-1", day1=rows("a.example"), day2=rows("b.example"))
    draft = Draft("run-2", first)
    draft.remove(schemas.OUTLET_LINES, "day1", state=True)

    second = store.commit(draft, {"base": "run-1"})

    assert draft.days(schemas.OUTLET_LINES, state=True) == ["day2"]
    assert list(second.files(schemas.OUTLET_LINES, state=True)) == ["day2"]
    assert list(first.files(schemas.OUTLET_LINES, state=True)) == ["day1", "day2"]


def test_old_versions_go_but_never_the_current(tmp_path):
    store = Store(tmp_path)
    for number in range(1, 6):
        committed(store, f"run-{number}", day1=rows("a.example"), keep=2)

    assert [version.run_id for version in store.versions()] == ["run-4", "run-5"]


def test_versions_that_were_rolled_back_go_before_ancestors(tmp_path):
    store = Store(tmp_path)
    for number in range(1, 4):
        committed(store, f"run-{number}", day1=rows("a.example"))
    store.point_to(store.version("run-1"))

    committed(store, "run-0", day1=rows("a.example"), keep=2)

    assert store.current().run_id == "run-0"
    assert [version.run_id for version in store.versions()] == ["run-0", "run-1"]


def test_a_pointer_to_nothing_is_said(tmp_path):
    store = Store(tmp_path)
    version = committed(store, "run-1", day1=rows("a.example"))
    version.path.rename(tmp_path / "elsewhere")

    with pytest.raises(RefusedError, match="points to a version that is not there"):
        store.current()


def test_rollback_is_one_pointer_swap(tmp_path):
    store = Store(tmp_path)
    committed(store, "run-1", day1=rows("a.example"))
    committed(store, "run-2", day1=rows("b.example"))

    store.point_to(store.version("run-1"))

    assert store.current().run_id == "run-1"
    assert [version.run_id for version in store.versions()] == ["run-1", "run-2"]


def test_a_version_that_is_not_kept_is_named(tmp_path):
    store = Store(tmp_path)
    committed(store, "run-1", day1=rows("a.example"))

    with pytest.raises(UsageError, match=r"no version of run 'run-9'; kept are run-1"):
        store.version("run-9")


def test_a_version_is_named_by_as_much_of_its_id_as_tells_it_apart(tmp_path):
    store = Store(tmp_path)
    for name in ("20261120T06", "20261121T06", "20261121T0612"):
        committed(store, name, day1=rows("a.example"))

    assert store.version("20261120").run_id == "20261120T06"
    assert store.version("20261121T06").run_id == "20261121T06"
    with pytest.raises(UsageError, match="several versions begin with '20261121'"):
        store.version("20261121")


def test_the_leftovers_of_a_killed_run_are_cleared_and_never_read(tmp_path):
    store = Store(tmp_path)
    committed(store, "run-1", day1=rows("a.example"))
    leftover = tmp_path / "versions" / ".tmp-run-2"
    (leftover / "state").mkdir(parents=True)
    (leftover / "manifest.json").write_text("{}")

    assert [version.run_id for version in store.versions()] == ["run-1"]
    with store.locked():
        assert not leftover.exists()


def test_a_version_that_never_became_current_is_made_again(tmp_path):
    store = Store(tmp_path)
    first = committed(store, "run-1", day1=rows("a.example"))
    committed(store, "run-2", day1=rows("half.example"))
    store.point_to(first)

    committed(store, "run-2", base=first, day1=rows("whole.example"))

    assert store.current().read(schemas.OUTLET_LINES, state=True)["outlet"].to_list() == ["whole.example"]


def everything(version):
    """Every file of a version with its bytes, save the manifest's own two."""
    return {name: (version.path / name).read_bytes() for name in files.names_below(version.path) if "/" in name}


def test_a_version_built_in_an_old_one_is_as_if_built_anew(tmp_path):
    recycled, anew = Store(tmp_path / "recycled"), Store(tmp_path / "anew")
    for store in (recycled, anew):
        for n in range(1, 7):
            draft = Draft(f"run-{n}", store.current())
            draft.write(schemas.OUTLET_LINES, f"2026-11-{n // 2:02d}", rows(f"{n}.example"), state=True)
            draft.write(schemas.FILES, f"2026-11-{n:02d}", schemas.FILES.empty(), state=True)
            if n > 2:
                draft.remove(schemas.FILES, f"2026-11-{n - 2:02d}", state=True)
            store.commit(draft, {"run_id": draft.run_id, "base": draft.base.run_id if draft.base else None})
            store.prune(2 if store is recycled else 9)

    spare = tmp_path / "recycled" / "versions" / ".spare"
    assert [version.run_id for version in recycled.versions()] == ["run-5", "run-6"]
    assert {version.run_id for version in anew.versions()} == {f"run-{n}" for n in range(1, 7)}
    assert json.loads((spare / "manifest.json").read_text())["run_id"] == "run-4"
    last = recycled.current()
    assert everything(last) == everything(anew.current())
    assert list(last.damaged()) == []
    assert not [folder for folder in last.path.glob("**/day=*") if not any(folder.iterdir())]
    assert inode(last, "2026-11-02") == inode(recycled.version("run-5"), "2026-11-02")


def test_a_version_built_in_an_old_one_follows_a_rollback(tmp_path):
    store = Store(tmp_path)
    for n in range(1, 5):
        committed(store, f"run-{n}", keep=2, day1=rows(f"{n}.example"), day2=rows("same.example"))
    store.point_to(store.version("run-3"))

    version = committed(store, "run-5", keep=2, day3=rows("new.example"))

    assert version.read(schemas.OUTLET_LINES, state=True)["outlet"].to_list() == [
        "3.example", "same.example", "new.example"
    ]  # fmt: skip
    assert list(version.damaged()) == []


def test_a_second_run_is_locked_out(tmp_path):
    holder = "import sys\nfrom pathlib import Path\nfrom pipeline.store import Store\n" \
             "with Store(Path(sys.argv[1])).locked():\n    print('held', flush=True)\n    sys.stdin.read()"  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(LockedError, match="another run holds the lock"), Store(tmp_path).locked():
            pass
        other.kill()
    with Store(tmp_path).locked():
        pass


def test_a_folder_that_cannot_be_made_is_a_write_error(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(WriteError), Store(tmp_path / "file" / "out").locked():
        pass


def test_a_failed_write_leaves_the_version_before(tmp_path, monkeypatch):
    store = Store(tmp_path)
    committed(store, "run-1", day1=rows("a.example"))

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device", "part-0.parquet")

    monkeypatch.setattr("pipeline.store.write_table", full)
    with pytest.raises(WriteError, match="No space left on device"), store.locked():
        committed(store, "run-2", day1=rows("b.example"))

    assert list((tmp_path / "versions").glob(".tmp-*")) == []
    assert store.current().run_id == "run-1"
    assert json.loads((tmp_path / "current" / "manifest.json").read_text())["run_id"] == "run-1"


def test_what_the_disk_says_of_a_table_that_does_not_fit_is_what_the_caller_hears(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_table(pl.DataFrame({"n": range(100_000)}), tmp_path / "part-0.parquet")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_rows_that_cannot_be_read_when_they_are_written_are_damage(tmp_path):
    damaged = tmp_path / "part-0.parquet"
    write_table(pl.DataFrame({"n": range(100_000)}), damaged)
    raw = bytearray(damaged.read_bytes())
    raw[100:200] = bytes(100)
    damaged.write_bytes(raw)

    with pytest.raises(DamagedError, match=r"part-1\.parquet: its rows: damaged"):
        write_table(scan_tables([damaged]), tmp_path / "part-1.parquet")


def test_rows_come_in_the_order_of_the_days_and_the_days_of_a_row_are_found(tmp_path):
    store = Store(tmp_path)
    days = {f"2026-{month:02d}-{day:02d}": rows(f"{month}-{day}.example") for month in (1, 2) for day in range(1, 29)}
    version = committed(store, "run-1", **days)

    read = version.read(schemas.OUTLET_LINES, state=True, since="2026-01-20")
    draft = Draft("run-2", version)
    draft.write(schemas.OUTLET_LINES, "2026-02-03", rows("2-7.example"), state=True)
    draft.remove(schemas.OUTLET_LINES, "2026-01-05", state=True)
    wanted = pl.col("outlet").is_in(["1-5.example", "2-7.example", "1-9.example", "2-3.example"])

    assert read["outlet"].to_list() == [f"1-{n}.example" for n in range(20, 29)] + [
        f"2-{n}.example" for n in range(1, 29)
    ]
    assert draft.days_with(schemas.OUTLET_LINES, wanted, state=True) == ["2026-01-09", "2026-02-03", "2026-02-07"]


def test_a_damaged_file_among_many_is_an_error_that_names_the_command(tmp_path):
    store = Store(tmp_path)
    version = committed(store, "run-1", day1=rows("a.example"), day2=rows("b.example"))
    file = version.files(schemas.OUTLET_LINES, state=True)["day2"]
    file.write_bytes(file.read_bytes()[:-9])

    with pytest.raises(DamagedError, match="`copydesk check --deep` names what is"):
        version.read(schemas.OUTLET_LINES, state=True)


def test_a_draft_that_reads_a_damaged_file_of_its_base_says_so(tmp_path):
    version = committed(Store(tmp_path), "run-1", day1=rows("a.example"), day2=rows("b.example"))
    file = version.files(schemas.OUTLET_LINES, state=True)["day2"]
    raw = file.read_bytes()
    file.write_bytes(raw[:4] + bytes(len(raw) - 12) + raw[-8:])

    with pytest.raises(DamagedError, match="check --deep"):
        Draft("run-2", version).gathered(schemas.OUTLET_LINES, pl.lit(True), state=True)
    with pytest.raises(DamagedError, match=r"outlet_lines/day=day2/part-0\.parquet: damaged .*check --deep"):
        Draft("run-2", version).read(schemas.OUTLET_LINES, "day2", state=True)


def test_two_writers_of_one_file_do_not_meet_in_a_draft(tmp_path):
    target, real = tmp_path / "page.html", files.write_bytes

    def with_another(raw, draft):
        real(raw, draft)
        if raw == b"first":
            files.replace_text("second", target)

    with patch.object(files, "write_bytes", with_another):
        files.replace_text("first", target)

    assert target.read_text(encoding="utf-8") == "first"
    assert list(tmp_path.iterdir()) == [target]
