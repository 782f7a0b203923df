"""Runs into a bucket and out of one, against an S3 server of this machine."""

import json
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from hashlib import sha256
from itertools import cycle
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from pipeline import schemas
from pipeline.cli import app
from pipeline.errors import ConfigError, DamagedError, LockedError, NoInputError, UsageError, WriteError
from pipeline.objects import Objects
from pipeline.remote import Mirror, fetched
from pipeline.store import Draft, Store
from tests.bucket import SECRET, running
from tests.newsdesk import written_manifest
from tests.world import FIRST, LOCAL, SECOND, WIRE, bytes_of, inline, newsroom, page, put

obstore = pytest.importorskip("obstore", reason="buckets need requirements-s3.lock")
pytest.importorskip("moto", reason="the S3 server needs requirements-s3.lock")
pytest.importorskip("flask", reason="the S3 server needs requirements-s3.lock")

RUN = "20261117T060000Z-0000000{}"
SETTINGS = '[run]\nkeep_versions = 2\n\n[names]\nenabled = false\n\n[remote]\nwork_dir = "../mirrors"\n'


@pytest.fixture(scope="module")
def server():
    with running() as found:
        yield found


@pytest.fixture
def bucket(server, request, monkeypatch):
    """The url of a bucket of the test's own."""
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    return server.make(f"test-{abs(hash(request.node.name))}")


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Goes to a machine by its name: settings and mirrors of its own."""

    def go(name="here"):
        folder = tmp_path / name
        put(folder, "configs/default.toml", SETTINGS)
        monkeypatch.chdir(folder)
        return folder

    go()
    return go


def call(*words):
    with inline():
        return CliRunner().invoke(app, [str(word) for word in words])


def ran(source, out, as_of, *words):
    result = call("run", "--in", source, "--out", out, "--as-of", as_of.isoformat(), *words)
    assert result.exit_code == 0, result.output
    return result


def objects_of(url):
    """Every object, by key."""
    objects = Objects(url, WriteError)
    return {key: b"".join(objects.pieces(key)) for key in objects.listed()}


def current_files(url):
    """The tables and the state that CURRENT leads to, and the manifest without durations."""
    found = objects_of(url)
    folder = f"versions/{found['CURRENT'].decode().split()[0]}/"
    files = {key.removeprefix(folder): raw for key, raw in found.items() if key.startswith(folder)}
    manifest = json.loads(files.pop("manifest.json"))
    del files["manifest.sha256"], manifest["measured"]
    return files, manifest


def versions_in(url):
    return sorted({key.split("/")[1] for key in objects_of(url) if key.startswith("versions/")})


# ----------------------------------------------------------------------------------------------------------- whole runs


def test_runs_into_a_bucket_give_the_bytes_of_runs_into_a_folder(machine, bucket, tmp_path):
    source = newsroom(tmp_path / "raw")
    for out in (tmp_path / "clean", f"{bucket}/clean"):
        ran(source, out, FIRST)
    put(source, "island.example/night.txt", page("Night ferries", *WIRE[:2], LOCAL[2]))
    for out in (tmp_path / "clean", f"{bucket}/clean"):
        said = ran(source, out, SECOND).stderr

    assert f"output      {bucket}/clean  (version 20261118T" in said
    assert current_files(f"{bucket}/clean") == (bytes_of(tmp_path / "clean"), written_manifest(tmp_path / "clean"))
    assert len(versions_in(f"{bucket}/clean")) == 2
    machine("elsewhere")
    assert "nothing new" in ran(source, f"{bucket}/clean", SECOND).stderr
    assert call("check", "--deep", "--out", f"{bucket}/clean").exit_code == 0
    assert SECRET not in str(objects_of(bucket))


def test_the_page_for_readers_finds_the_tables(machine, bucket, tmp_path):
    """The polars lines of docs/read-a-bucket.md, on a bucket of ours."""
    ran(newsroom(tmp_path / "raw"), f"{bucket}/clean", FIRST)
    page_text = (Path(__file__).parents[1] / "docs" / "read-a-bucket.md").read_text("utf-8")
    lines = page_text.split("```python\n")[1].split("```")[0]
    known = {}

    exec(lines.replace("s3://news", bucket), known)  # noqa: S102 - our own page

    assert known["articles"].collect().height == 3


def test_what_did_not_change_is_copied_in_the_bucket_and_not_fetched_twice(machine, bucket, tmp_path, monkeypatch):
    store = Store(tmp_path / "out")
    mirror = mirrored(bucket, tmp_path)
    committed(mirror.store, 1, a="a.example", b="b.example")
    mirror.publish()
    calls = counted(monkeypatch)

    mirror = mirrored(bucket, tmp_path)
    committed(mirror.store, 2, b="c.example")
    mirror.publish()
    assert (calls["copy"], calls["put"]) == (1, 4)  # a; b, manifest, its hash, CURRENT
    calls.clear()
    mirror = mirrored(bucket, tmp_path)
    assert calls["get"] == 3  # CURRENT and the hashes of two manifests
    calls.clear()
    other = mirrored(bucket, tmp_path / "elsewhere")
    assert calls["get"] == 3 + 2 + 3  # the manifests, and each file once

    assert files_of(other.store.current()) == files_of(mirror.store.current())
    assert store.current() is None


def test_a_run_from_a_bucket_gives_the_rows_of_a_run_from_a_folder(machine, bucket, server, tmp_path, monkeypatch):
    source = newsroom(tmp_path / "raw")
    put(source, "herald.example/notes.json", "{}")
    put(source, "herald.example/2026-11-17/ferry.txt.meta.json", '{"url": "https://herald.example/ferry"}')
    for file in sorted(source.rglob("*.*")):
        if file.is_file():
            server.put(f"{bucket}/raw", file.relative_to(source).as_posix(), file.read_bytes())
    ran(source, tmp_path / "clean", FIRST)

    said = ran(f"{bucket}/raw", tmp_path / "from", FIRST).stderr

    assert bytes_of(tmp_path / "from") == bytes_of(tmp_path / "clean")
    assert "1 no reader for this name (herald.example/notes.json)" in said
    calls = counted(monkeypatch)
    server.put(f"{bucket}/raw", "herald.example/2026-11-17/traders.txt", page("Traders", *LOCAL).encode())
    server.ask("DELETE", f"{bucket.removeprefix('s3://')}/raw/coast.example/2026-11-17/ferries.txt")
    assert "1 written" in ran(f"{bucket}/raw", tmp_path / "from", SECOND).stderr
    assert calls["get"] == 1


def test_an_object_may_be_the_input(machine, bucket, server, tmp_path):
    server.put(f"{bucket}/raw", "ferry.txt", page("Night ferries", *WIRE).encode())

    ran(f"{bucket}/raw/ferry.txt", tmp_path / "out", FIRST)

    articles = Store(tmp_path / "out").current().read(schemas.ARTICLES)
    assert articles["source_path"].to_list() == ["ferry.txt"]


def test_stages_one_by_one_rebuild_rollback_and_state_rebuild(machine, bucket, server, tmp_path):
    source, out = newsroom(tmp_path / "raw"), f"{bucket}/clean"
    ran(source, out, FIRST)
    first = current_files(out)
    put(source, "island.example/night.txt", page("Night ferries", *WIRE[:2], LOCAL[2]))
    for stage in ("extract", "clean", "dedup", "names", "export"):
        result = call(stage, "--in", source, "--out", out, "--as-of", SECOND.isoformat())
        assert result.exit_code == 0, result.output
    second = current_files(out)

    assert call("rollback", "--out", out).exit_code == 0
    assert current_files(out) == first
    assert call("rollback", second[1]["run_id"], "--out", out).exit_code == 0
    assert current_files(out) == second
    assert call("state", "rebuild", "--out", out).exit_code == 0
    tables = {key: raw for key, raw in second[0].items() if not key.startswith("state/")}
    assert tables.items() <= current_files(out)[0].items()
    ran(source, out, SECOND, "--rebuild")
    assert len(versions_in(out)) == 2
    assert call("check", "--deep", "--out", out).exit_code == 0
    current, number = objects_of(out)["CURRENT"].decode().split()
    assert number == "6"
    server.put(out, f"versions/{current}/articles/day=2026-11-17/part-0.parquet", b"PAR1")
    checked = call("check", "--deep", "--out", out)
    assert (checked.exit_code, checked.stderr.count("\n")) == (65, 1)
    assert f"{current}/articles/day=2026-11-17/part-0.parquet: its sha256" in checked.stderr


def test_an_article_that_is_forgotten_is_in_no_object(machine, bucket, tmp_path):
    source, out = newsroom(tmp_path / "raw"), f"{bucket}/clean"
    ran(source, out, FIRST)
    put(source, "island.example/night.txt", page("Night ferries", *WIRE[:2], LOCAL[2]))
    ran(source, out, SECOND)
    article = "herald.example/2026-11-17/traders.txt"
    version = Objects(out, WriteError).folders("versions")[0]
    Objects(out, WriteError).put(f"versions/{version[:-8]}00000000/articles/left.parquet", source / article)

    assert call("forget", article, "--out", out).exit_code == 0

    assert len(versions_in(out)) == 2
    for folder in versions_in(out):
        mirror = tmp_path / folder
        for key, raw in objects_of(f"{out}/versions/{folder}/articles").items():
            put(mirror, key, "").write_bytes(raw)
        assert article not in pl.read_parquet(mirror / "**/*.parquet")["source_path"].to_list()
    assert not [key for key in objects_of(out) if "left" in key]
    assert "1 to be forgotten" in ran(source, out, SECOND).stderr


# ---------------------------------------------------------------------------------------- small versions, made by hand


def rows(outlet):
    return pl.DataFrame([(outlet, "00", 1)], schema=schemas.OUTLET_LINES.schema, orient="row")


def committed(store, number, **days):
    """A version of one state table, committed as a run would; the one before the last goes."""
    with store.locked():
        current = store.current()
        draft = Draft(RUN.format(number), current)
        for day, outlet in days.items():
            draft.write(schemas.OUTLET_LINES, f"2026-11-1{'abcdefghi'.index(day)}", rows(outlet), state=True)
        base_id = None if current is None else current.run_id
        store.commit(draft, {"run_id": draft.run_id, "base": base_id, "measured": number})
        store.prune(2)


def mirrored(url, root):
    mirror = Mirror(url, root / "mirrors")
    with mirror.alone():
        mirror.fetch()
    return mirror


def files_of(version):
    return {str(file.relative_to(version.path)): file.read_bytes() for file in version.path.rglob("*.parquet")}


def counted(monkeypatch):
    """The calls to the store, by name."""
    calls = Counter()

    def by_name(name, original):
        def call(*words, **named):
            calls[name] += 1
            return original(*words, **named)

        return call

    for name in ("get", "put", "copy", "delete", "list", "list_with_delimiter", "head"):
        monkeypatch.setattr(obstore, name, by_name(name, getattr(obstore, name)))
    return calls


class Cut(BaseException):
    """The process ends here."""


@contextmanager
def cut_off(at, failure):
    """The n-th call to the store, from 1, fails; what was called."""
    calls = []
    names = ("get", "put", "copy", "delete", "list", "list_with_delimiter", "head")
    originals = {name: getattr(obstore, name) for name in names}

    def by_name(name):
        def call(*words, **named):
            calls.append(name)
            if len(calls) == at:
                raise failure
            return originals[name](*words, **named)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in names:
            patch.setattr(obstore, name, by_name(name))
        yield calls


def test_whatever_call_fails_or_is_the_last_readers_see_a_whole_version(bucket, tmp_path):
    """Three versions, two kept; every call of the third command in turn."""

    def command(root, url):
        mirror = mirrored(url, root)
        committed(mirror.store, 3, b="d.example", c="e.example")
        mirror.publish()
        return mirror

    def prepared(url, root):
        for number, outlets in enumerate(({"a": "a.example", "b": "b.example"}, {"b": "c.example"}), 1):
            mirror = mirrored(url, root)
            committed(mirror.store, number, **outlets)
            mirror.publish()
        return files_of(mirror.store.current())

    before = prepared(f"{bucket}/whole", tmp_path / "whole")
    with cut_off(0, Cut()) as calls:
        wanted = files_of(command(tmp_path / "whole", f"{bucket}/whole").store.current())
    assert len(calls) > 13

    for at, kind in zip(range(1, len(calls) + 1), cycle((obstore.exceptions.GenericError("no"), Cut())), strict=False):
        url, root = f"{bucket}/{at}", tmp_path / str(at)
        prepared(url, root)
        with cut_off(at, kind) as made:
            try:
                command(root, url)
            except (WriteError, Cut):
                pass
            else:  # what cannot be copied is put
                assert (made[at - 1], type(kind)) == ("copy", obstore.exceptions.GenericError)
        seen = mirrored(url, root / "reader")
        assert seen.damaged == {}
        assert files_of(seen.store.current()) in (before, wanted)
        assert files_of(command(root, url).store.current()) == wanted
        assert files_of(mirrored(url, root / "reader").store.current()) == wanted
        assert len(versions_in(url)) == 2


# ------------------------------------------------------------------------------------------------------ two at one time


def test_of_two_commands_at_once_the_later_one_leaves_nothing_and_ends_with_75(machine, bucket, tmp_path, monkeypatch):
    first = mirrored(bucket, tmp_path)
    committed(first.store, 1, a="a.example")
    first.publish()
    one, two = mirrored(bucket, tmp_path / "one"), mirrored(bucket, tmp_path / "two")
    committed(one.store, 2, b="b.example")
    committed(two.store, 3, b="c.example")

    two.publish()
    with pytest.raises(LockedError, match="another command published meanwhile") as refused:
        one.publish()

    assert refused.value.exit_code == 75
    assert [name.rpartition("-")[0] for name in versions_in(bucket)] == [RUN.format(1), RUN.format(3)]
    assert files_of(mirrored(bucket, tmp_path / "one").store.current()) == files_of(two.store.current())


@pytest.mark.torture
def test_of_two_processes_that_make_one_run_at_once_one_publishes(machine, bucket, tmp_path):
    source = newsroom(tmp_path / "raw")
    words = [sys.executable, "-m", "pipeline.cli", "run", "-q", "--jobs", "1", "--in", str(source), "--out", bucket,
             "--as-of", FIRST.isoformat()]  # fmt: skip

    both = [subprocess.Popen(words, cwd=machine(name), stderr=subprocess.DEVNULL) for name in ("one", "two")]

    assert sorted(running.wait() for running in both) == [0, 75]
    assert call("check", "--deep", "--out", bucket).exit_code == 0
    assert len(versions_in(bucket)) == 1


def test_two_attempts_at_one_run_at_once_do_not_mix(bucket, tmp_path):
    one, two = mirrored(bucket, tmp_path / "one"), mirrored(bucket, tmp_path / "two")
    for number, mirror in enumerate((one, two)):
        with mirror.store.locked():
            draft = Draft(RUN.format(1), None)
            draft.write(schemas.OUTLET_LINES, "2026-11-10", rows("a.example"), state=True)
            mirror.store.commit(draft, {"run_id": draft.run_id, "base": None, "measured": number})

    one.publish()
    with pytest.raises(LockedError):
        two.publish()

    assert mirrored(bucket, tmp_path / "reader").store.current().manifest["measured"] == 0


def test_going_back_to_a_version_does_not_let_an_older_command_publish(bucket, tmp_path):
    first = mirrored(bucket, tmp_path)
    committed(first.store, 1, a="a.example")
    first.publish()
    slow, quick = mirrored(bucket, tmp_path / "slow"), mirrored(bucket, tmp_path / "quick")
    committed(quick.store, 2, b="b.example")
    quick.publish()
    quick.store.point_to(quick.store.version(RUN.format(1)))
    quick.publish()
    committed(slow.store, 3, b="c.example")

    with pytest.raises(LockedError):
        slow.publish()


def test_a_swap_whose_answer_was_lost_has_happened(bucket):
    objects = Objects(bucket, WriteError)
    e_tag = objects.swap("CURRENT", b"one", None)

    assert objects.swap("CURRENT", b"one", None) == e_tag
    assert objects.swap("CURRENT", b"two", None) is None
    assert objects.swap("CURRENT", b"two", e_tag) not in (None, e_tag)
    assert objects.swap("CURRENT", b"three", e_tag) is None


def test_a_mirror_serves_one_command_at_a_time(machine, bucket, tmp_path):
    with Mirror(bucket, machine() / "mirrors").alone():
        result = call("runs", "--out", bucket)

    assert (result.exit_code, result.stderr.count("\n")) == (75, 1)


# ------------------------------------------------------------------------------------------------------ what goes wrong


def test_an_object_that_is_not_as_written_is_named_and_left_behind_by_a_rollback(machine, bucket, server, tmp_path):
    mirror = mirrored(bucket, machine())
    for number, outlet in enumerate(("a.example", "b.example"), 1):
        committed(mirror.store, number, a=outlet)
        mirror.publish()
    older, newer = versions_in(bucket)
    wrong = f"versions/{newer}/state/outlet_lines/day=2026-11-10/part-0.parquet"
    server.put(bucket, wrong, b"PAR1 no longer PAR1")

    assert mirror.changed_objects(mirror.store.current()) == [
        f"{bucket}/{wrong}: its sha256 is not that of the manifest"
    ]
    machine("elsewhere")
    refused = call("runs", "--out", bucket)
    assert (refused.exit_code, refused.stderr.count("\n")) == (65, 1)
    assert f"{bucket}/{wrong}: its sha256 is not that of the manifest; `copydesk rollback RUN`" in refused.stderr
    assert call("rollback", RUN.format(1), "--out", bucket).exit_code == 0
    listed = call("runs", "--out", bucket)
    assert f"warning: {bucket}/{wrong}" in listed.stderr
    assert objects_of(bucket)["CURRENT"].decode() == f"{older}\n3\n"
    assert f"{wrong}: its sha256 is not that of the manifest; remove" in call("forget", "x", "--out", bucket).stderr
    assert newer in versions_in(bucket)


def test_an_object_that_is_gone_is_named(bucket, server, tmp_path):
    mirror = mirrored(bucket, tmp_path)
    committed(mirror.store, 1, a="a.example")
    mirror.publish()
    mirror.objects.remove([f"versions/{versions_in(bucket)[0]}/state/outlet_lines/day=2026-11-10/part-0.parquet"])

    with pytest.raises(DamagedError, match=r"part-0\.parquet: listed in the manifest, not there"):
        mirrored(bucket, tmp_path / "elsewhere").refuse_damaged()
    assert mirror.changed_objects(mirror.store.current())[0].endswith("not there")


def test_a_pointer_or_a_manifest_of_others_leads_nowhere(bucket, server, tmp_path):
    server.put(bucket, "CURRENT", b"../../etc\n1\n")
    with pytest.raises(DamagedError, match="does not name a version"):
        mirrored(bucket, tmp_path)

    manifest = json.dumps({"outputs": [{"path": "../../out.parquet", "rows": 1, "sha256": "00"}]}).encode()
    whole = sha256(manifest).hexdigest()
    name = f"{RUN.format(1)}-{whole[:8]}"
    server.put(bucket, f"versions/{name}/manifest.json", manifest)
    server.put(bucket, f"versions/{name}/manifest.sha256", f"{whole}  manifest.json\n".encode())
    server.put(bucket, "CURRENT", f"{name}\n1\n".encode())
    with pytest.raises(DamagedError, match="is no file of a version"):
        mirrored(bucket, tmp_path).refuse_damaged()
    assert not list(tmp_path.rglob("out.parquet"))


@pytest.mark.parametrize("wrong", ["access", "bucket", "credentials", "endpoint", "http"])
def test_a_store_that_cannot_be_used_is_one_line_without_a_secret(
    machine, bucket, server, tmp_path, monkeypatch, wrong
):
    source, url, said = newsroom(tmp_path / "raw"), bucket, "s3://"
    if wrong == "access":
        server.check_access(wanted=True)
        said = "the store refuses (InvalidAccessKeyId)"
    elif wrong == "bucket":
        url, said = "s3://no-bucket-of-ours", "no such bucket"
    elif wrong == "credentials":
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        said = "no credentials: AWS_ACCESS_KEY_ID"
    elif wrong == "endpoint":
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        said = "no answer from the store"
    else:
        monkeypatch.delenv("AWS_ALLOW_HTTP")
        said = "plain http needs AWS_ALLOW_HTTP=true"
    try:
        results = [call("run", "--in", source, "--out", f"{url}/x"), call("run", "--in", f"{url}/x", "--out", "out")]
    finally:
        server.check_access(wanted=False)

    for result, code in zip(results, (73, 66), strict=True):
        assert (result.exit_code, result.output.count("\n")) == (code, 1), result.output
        assert said in result.output
        assert SECRET not in result.output


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("raw/../up.txt", "'raw/../up.txt' cannot be the path of a file"),
        (f"raw/{'n' * 256}.txt", "a name longer than 255 bytes"),
        ("raw/good.txt/page.txt", "raw/good.txt: a folder of other keys"),
    ],
)
def test_a_key_that_cannot_be_a_file_is_named(bucket, server, tmp_path, key, why):
    server.put(bucket, "raw/good.txt", b"good")
    server.put(bucket, key, b"bad")

    with pytest.raises(NoInputError) as refused:
        fetched(f"{bucket}/raw", tmp_path)

    assert why in str(refused.value)


def test_keys_that_are_odd_are_files_all_the_same(bucket, server, tmp_path):
    keys = ["%2e%2e/up.txt", "a b/é.txt", "q?x#y.txt", "back\\slash.txt", "-rf.txt"]
    for key in (*keys, "folder/", f"{'n' * 256}.jpg"):
        server.put(f"{bucket}/raw", key, key.encode())

    folder = fetched(f"{bucket}/raw", tmp_path)

    assert {str(file.relative_to(folder)): file.read_text("utf-8") for file in folder.rglob("*.txt")} == {
        key: key for key in keys
    }
    assert fetched(f"{bucket}/raw", tmp_path) == folder
    with pytest.raises(NoInputError, match="no object there"):
        fetched(f"{bucket}/nothing", tmp_path)


def test_an_input_that_changes_from_a_folder_to_a_file_is_followed(bucket, server, tmp_path):
    server.put(f"{bucket}/raw", "page.txt/one.txt", b"one")
    fetched(f"{bucket}/raw", tmp_path)
    server.ask("DELETE", f"{bucket.removeprefix('s3://')}/raw/page.txt/one.txt")
    server.put(f"{bucket}/raw", "page.txt", b"page")

    folder = fetched(f"{bucket}/raw", tmp_path)

    assert [str(file.relative_to(folder)) for file in folder.rglob("*")] == ["page.txt"]


@pytest.mark.parametrize("url", ["s3://", "s3:///x", f"s3://key:{SECRET}@bucket/x"])
def test_a_place_that_is_none_is_not_repeated(url):
    with pytest.raises(UsageError) as refused:
        Objects(url, WriteError)

    assert SECRET not in str(refused.value)


def test_without_the_library_a_bucket_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(ConfigError, match=r"copydesk\[s3\]"):
        Objects("s3://news/clean", WriteError)
