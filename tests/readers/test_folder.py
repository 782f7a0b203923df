import os
import socket

import pytest

from pipeline.readers import folder
from pipeline.readers.folder import found


def names(root, **patterns):
    return [source_path for _, source_path in found(root, **patterns).paths]


def test_every_readable_file_is_found_in_the_order_of_its_path(tmp_path):
    for name in ("coast.example/b.html", "coast.example/a.txt", "arle.example/2026-11/c.jsonl.gz"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert names(tmp_path) == ["arle.example/2026-11/c.jsonl.gz", "coast.example/a.txt", "coast.example/b.html"]


def test_a_single_file_is_an_input_by_its_own_name(tmp_path):
    (tmp_path / "bridge.txt").write_text("x")
    assert names(tmp_path / "bridge.txt") == ["bridge.txt"]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (".hidden.txt", "hidden"),
        ("page.html.tmp", "still being written"),
        ("page.txt.part", "still being written"),
        ("photo.jpg", "no reader for this name"),
        ("two\nlines.txt", "name is not UTF-8 or holds control characters"),
        (os.fsdecode(b"caf\xe9.txt"), "name is not UTF-8 or holds control characters"),
    ],
)
def test_a_name_that_is_passed_over_is_listed_with_the_reason(tmp_path, name, why):
    (tmp_path / name).write_text("x")
    passed = found(tmp_path)
    assert passed.paths == []
    assert [reason for _, reason in passed.skipped] == [why]
    passed.skipped[0][0].encode()  # can be printed and stored


def test_a_sidecar_goes_with_its_file_and_is_not_listed(tmp_path):
    (tmp_path / "bridge.txt").write_text("x")
    (tmp_path / "bridge.txt.meta.json").write_text("{}")
    assert names(tmp_path) == ["bridge.txt"]
    assert found(tmp_path).skipped == []


def test_patterns_are_on_the_name_or_on_the_path(tmp_path):
    for name in ("arle.example/a.txt", "arle.example/b.html", "coast.example/a.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert names(tmp_path, include=["*.txt"], exclude=["coast.example/*"]) == ["arle.example/a.txt"]
    assert found(tmp_path, include=["*.txt"]).skipped == [("arle.example/b.html", "not in include")]


def test_links_to_folders_are_not_followed_and_pipes_not_opened(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real/a.txt").write_text("x")
    (tmp_path / "real/loop").symlink_to(tmp_path)
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.txt")
    passed = found(tmp_path)
    assert [source_path for _, source_path in passed.paths] == ["real/a.txt"]
    assert passed.skipped == [
        ("gone.txt", "No such file or directory"),
        ("pipe.txt", "no regular file"),
        ("real/loop", "link to a folder"),
    ]


def test_a_link_out_of_the_root_is_passed_over_and_one_inside_is_a_file(tmp_path):
    (tmp_path / "secret.txt").write_text("x")
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/a.txt").write_text("x")
    (tmp_path / "raw/out.txt").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "raw/in.txt").symlink_to("a.txt")
    (tmp_path / "raw/self.txt").symlink_to("self.txt")
    (tmp_path / "linked").symlink_to("raw")
    for root in (tmp_path / "raw", tmp_path / "linked"):
        passed = found(root)
        assert [source_path for _, source_path in passed.paths] == ["a.txt", "in.txt"]
        assert passed.skipped == [
            ("out.txt", "link out of the input folder"),
            ("self.txt", "Too many levels of symbolic links"),
        ]


def test_devices_and_sockets_are_no_files(tmp_path):
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(tmp_path / "socket.txt"))
    (tmp_path / "zero.txt").symlink_to("/dev/zero")
    assert found(tmp_path).paths == []
    assert {why for _, why in found(tmp_path).skipped} == {"no regular file"}
    listening.close()


def test_a_missing_root_gives_nothing(tmp_path):
    assert found(tmp_path / "nowhere") == type(found(tmp_path))([], [], [])


@pytest.mark.parametrize(
    "name", ["首相\u3000会見.txt", "no\u00a0break.txt", "soft\u00adhyphen.txt", "zero\u200bwidth.txt"]
)
def test_unusual_spaces_in_a_name_are_no_reason_to_pass_over_it(tmp_path, name):
    (tmp_path / name).write_text("x")

    assert names(tmp_path) == [name]


def test_a_folder_with_control_characters_in_its_name_is_passed_over(tmp_path):
    (tmp_path / "red\x1b[31m").mkdir()
    (tmp_path / "red\x1b[31m" / "bridge.txt").write_text("x")

    assert found(tmp_path).paths == []
    assert [why for _, why in found(tmp_path).skipped] == ["name is not UTF-8 or holds control characters"]


def test_a_folder_that_may_not_be_searched_does_not_end_the_walk(tmp_path, monkeypatch):
    (tmp_path / "closed").mkdir()
    (tmp_path / "bridge.txt").write_text("x")

    def refused(path, *arguments, **options):
        if "closed/" in os.fspath(path):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return real(path, *arguments, **options)

    real = os.stat
    monkeypatch.setattr(os, "stat", refused)

    assert names(tmp_path) == ["bridge.txt"]


def test_the_walk_costs_no_more_for_what_was_passed_over_before(tmp_path, monkeypatch):
    for number in range(30):
        (tmp_path / f"{number}").mkdir()
        (tmp_path / f"{number}" / "photo.jpg").write_text("x")
    asked = []
    monkeypatch.setattr(folder, "_relative", lambda path, root: asked.append(path) or path.name)

    found(tmp_path)

    assert len(asked) == 30
