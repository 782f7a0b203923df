"""An output or an input at `s3://bucket/prefix`, worked on through a folder here: its mirror.

    CURRENT                               the version readers see, and how often that changed: two lines
    versions/<run_id>-<8 hex>/...         as in an output folder; the hex begins the sha256 of the manifest

The mirror is brought to what the bucket holds, a command works in it as in any output folder, then what it made is put,
`manifest.sha256` last, and `CURRENT` is swapped by a conditional put: the one place where readers of the bucket see a
change, and of two commands at once the later one fails. What was put is never written again: two attempts at one run
have two manifests, so two names. What an attempt that was cut off left is removed by the next command that publishes,
after the swap: whoever is still putting there has lost then.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock, Timeout

from pipeline.config import Config, beside
from pipeline.errors import DamagedError, LockedError, NoInputError, WriteError
from pipeline.files import (
    TEMPORARY,
    digest,
    fsync_folders,
    json_text,
    read_json,
    remove_folder,
    replace_text,
    reset_folder,
    write_bytes,
)
from pipeline.kernels.hashing import text_hash
from pipeline.objects import SCHEME, Objects
from pipeline.readers import SUFFIXES
from pipeline.readers.articles import SIDECAR
from pipeline.store import CURRENT as LINK
from pipeline.store import MANIFEST, MANIFEST_HASH, VERSIONS, Store, Version

CURRENT = "CURRENT"
CALLS = 16  # requests under way at once
NAME_BYTES = 255  # of a file's name

_NAME = re.compile(r"(\d{8}T\d{6}Z-[0-9a-f]{8}(?:\.[0-9a-f]{8})?)-[0-9a-f]{8}")
_FILE = re.compile(r"(?:state/)?[a-z_]+/day=\d{4}-\d\d-\d\d/part-0\.parquet")
Item = TypeVar("Item")
Result = TypeVar("Result")


def work_folder(config: Config) -> Path:
    """Where mirrors lie: `remote.work_dir`, from the settings' own folder, else copydesk in the user's cache folder."""
    if config.settings.remote.work_dir:
        return beside(config.path) / Path(config.settings.remote.work_dir).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "copydesk"


@dataclass(frozen=True)
class Pointer:
    """CURRENT as it was read."""

    name: str  # of the version in the bucket
    number: int  # of changes until then: a version that was gone back to is not what it was before
    e_tag: str | None  # None: there is no CURRENT yet


class Mirror:
    """An output in a bucket, and the folder here that stands for it while a command works."""

    def __init__(self, url: str, work_dir: Path) -> None:
        self.objects = Objects(url, WriteError)
        self.store = Store(work_dir / self.objects.folder_name)
        self.damaged: dict[str, str] = {}  # name of a version of the bucket -> what is wrong; those are not here
        self._names: dict[str, str] = {}  # run_id -> name in the bucket, of the versions that are here
        self._keys: dict[str, str] = {}  # sha256 -> a key with that content, in these versions
        self._pointer: Pointer | None = None

    @contextmanager
    def alone(self, timeout: float = 0.0) -> Iterator[None]:
        """Inside, no other command of this machine works with the mirror."""
        with _alone(self.store.root, self.objects.url, timeout):
            yield

    def fetch(self) -> None:
        """Make the mirror hold the bucket's versions, and point to its current one.

        Every file that comes is checked against its sha256, be it fetched or linked from another version here. A
        version with an object that is not as written is left out, and told of in `damaged`.
        """
        with self.store.locked():
            self._fetch_all()
            while self._is_gone() and self._pointer != self._read_pointer():  # replaced while it was fetched
                self._fetch_all()
            if self._pointer is None:
                (self.store.root / LINK).unlink(missing_ok=True)
            else:
                self.store.point_to(self._here(_run_id(self._pointer.name)))
            for version in self.store.versions():
                if version.run_id not in self._names:
                    remove_folder(version.path)
        self._keys = {
            output["sha256"]: _key(name, output["path"])
            for run_id, name in self._names.items()
            for output in self._here(run_id).manifest["outputs"]
        }

    def _is_gone(self) -> bool:
        return self._pointer is not None and self._pointer.name not in self._names.values()

    def _here(self, run_id: str) -> Version:
        return Version(self.store.root / VERSIONS / run_id)

    def _fetch_all(self) -> None:
        self._pointer = self._read_pointer()
        current = None if self._pointer is None else self._pointer.name
        self._names, self.damaged = {}, {}
        found: dict[str, tuple[str, bytes]] = {}
        for name in sorted(self._listed(), key=lambda name: (name == current, name)):  # the current attempt at a run
            hash_line = self.objects.read(_key(name, MANIFEST_HASH))
            if hash_line is not None:
                found[_run_id(name)] = name, hash_line[0]
        for run_id, (name, line) in found.items():
            here = self._here(run_id)
            try:
                if not here.manifest_is_whole or (here.path / MANIFEST_HASH).read_bytes() != line:
                    self._fetch_version(name, line)
                self._names[run_id] = name
            except DamagedError as error:
                self.damaged[name] = str(error)

    def _listed(self) -> set[str]:
        """The names of versions in the bucket, whole or not; what is called otherwise is not ours."""
        return {name for name in self.objects.folders(VERSIONS) if _NAME.fullmatch(name)}

    def _read_pointer(self) -> Pointer | None:
        found = self.objects.read(CURRENT)
        if found is None:
            return None
        name, _, number = found[0].decode("ascii", "replace").strip().partition("\n")
        if not (_NAME.fullmatch(name) and number.isdecimal()):
            raise DamagedError(f"{self.objects.url}/{CURRENT}: does not name a version")
        return Pointer(name, int(number), found[1])

    def _fetch_version(self, name: str, hash_line: bytes) -> None:
        target = self._here(_run_id(name)).path
        building = reset_folder(target.with_name(f"{TEMPORARY}{target.name}"))
        there = {
            output["sha256"]: version.path / output["path"]
            for version in self.store.versions()
            if version.manifest_is_whole
            for output in version.manifest["outputs"]
        }

        def bring(output: Mapping[str, Any]) -> None:
            known = there.get(output["sha256"])
            if known is not None and known.is_file() and digest(known) == output["sha256"]:
                (building / output["path"]).hardlink_to(known)
            else:
                self._check(_key(name, output["path"]), output["sha256"], partial(_written, building / output["path"]))

        write_bytes(hash_line, building / MANIFEST_HASH)
        whole = hash_line.decode("ascii", "replace").partition(" ")[0]
        self._check(_key(name, MANIFEST), whole, partial(_written, building / MANIFEST))
        outputs = Version(building).manifest["outputs"]
        for output in outputs:
            if not _FILE.fullmatch(output["path"]):
                place = f"{self.objects.url}/{_key(name, MANIFEST)}"
                raise DamagedError(f"{place}: {output['path']!r} is no file of a version")
            (building / output["path"]).parent.mkdir(parents=True, exist_ok=True)
        _each(bring, outputs)
        fsync_folders(building)
        remove_folder(target)
        building.rename(target)

    def _check(self, key: str, wanted: str, hashed: Callable[[Iterable[bytes]], str]) -> None:
        """Raises DamagedError when the object is not there, or its bytes are `hashed` to another sha256."""
        try:
            found = hashed(self.objects.pieces(key))
        except FileNotFoundError:
            raise DamagedError(f"{self.objects.url}/{key}: listed in the manifest, not there") from None
        if found != wanted:
            raise DamagedError(f"{self.objects.url}/{key}: its sha256 is not that of the manifest")

    def refuse_damaged(self, *, every: bool = False) -> None:
        """Raises DamagedError where an object of the current version, or of `every` one, is not as written."""
        current = None if self._pointer is None else self._pointer.name
        for name, wrong in sorted(self.damaged.items()):
            if name == current:
                kept = ", ".join(sorted(self._names)) or "none"
                raise DamagedError(f"{wrong}; `copydesk rollback RUN` goes back to a whole version: {kept}")
            if every:
                raise DamagedError(f"{wrong}; remove that version from the bucket first")

    def changed_objects(self, version: Version) -> list[str]:
        """What is wrong with the objects of a version, a sentence each: every byte is read again."""
        name = _name(version)

        def wrong(output: Mapping[str, Any]) -> str | None:
            try:
                self._check(_key(name, output["path"]), output["sha256"], _hashed)
            except DamagedError as error:
                return str(error)
            return None

        manifest = {"path": MANIFEST, "sha256": digest(version.path / MANIFEST)}
        return [said for said in _each(wrong, [manifest, *version.manifest["outputs"]]) if said is not None]

    def publish(self, *, tidy: bool = False) -> None:
        """Bring the bucket to what the mirror holds now; where that is the same, nothing is put.

        `tidy`: what is left of commands that were cut off is removed even if nothing else is to be done. Raises
        LockedError when another command has published since `fetch`: then nothing of this one stays.
        """
        current = self.store.current()
        if current is None:
            return
        mine = {_name(version): version for version in self.store.versions()}
        there = set(self._names.values())
        is_same = mine.keys() == there and self._pointer is not None and self._pointer.name == _name(current)
        if is_same and not tidy:
            return
        doomed = sorted(self._listed() - mine.keys() - self.damaged.keys())
        if is_same and not doomed:
            return
        new = sorted(mine.keys() - there)
        for name in new:
            self._put_version(name, mine[name])
        before = self._pointer or Pointer("", 0, None)
        content = f"{_name(current)}\n{before.number + 1}\n".encode()
        e_tag = self.objects.swap(CURRENT, content, before.e_tag)
        if e_tag is None:
            winner = self._read_pointer()
            self._remove_versions([name for name in new if winner is None or winner.name != name])
            raise LockedError(f"{self.objects.url}: another command published meanwhile; nothing of this one is")
        self._pointer = Pointer(_name(current), before.number + 1, e_tag)
        self._names = {version.run_id: name for name, version in mine.items()}
        try:
            self._remove_versions(doomed)
        except WriteError as error:
            raise WriteError(f"{error}: {_name(current)} is published, what it replaces is not all removed") from None

    def _put_version(self, name: str, version: Version) -> None:
        """Put a version: files that another one in the bucket has are copied there, `manifest.sha256` comes last."""

        def bring(output: Mapping[str, Any]) -> None:
            key, source = _key(name, output["path"]), self._keys.get(output["sha256"])
            if source is None or not self.objects.copy(source, key):
                self.objects.put(key, version.path / output["path"])

        _each(bring, version.manifest["outputs"])
        for last in (MANIFEST, MANIFEST_HASH):
            self.objects.put(_key(name, last), version.path / last)

    def _remove_versions(self, names: Iterable[str]) -> None:
        """Remove versions, what makes them whole first."""
        for name in names:
            self.objects.remove([_key(name, MANIFEST_HASH)])
            self.objects.remove(self.objects.keys(f"{VERSIONS}/{name}"))


def _name(version: Version) -> str:
    """What a version is called in a bucket: two attempts at one run have two manifests, so two names."""
    return f"{version.run_id}-{digest(version.path / MANIFEST)[:8]}"


def _key(name: str, path: str) -> str:
    return f"{VERSIONS}/{name}/{path}"


def _run_id(name: str) -> str:
    return name.rpartition("-")[0]


def fetched(url: str, work_dir: Path, timeout: float = 0.0) -> Path:
    """The folder here that holds what lies below the url, or the file, where the url is an object's.

    Only what is new or changed is fetched; of a name that no reader takes only the name. Raises NoInputError where
    there is nothing, or where a file system cannot hold a key that a reader would take.
    """
    objects, only = Objects(url, NoInputError), ""
    listed = objects.listed()
    if not listed:
        parent, _, only = objects.url.rpartition("/")
        if parent != SCHEME[:-1]:
            objects = Objects(parent, NoInputError)
            listed = objects.one(only)
    if not listed:
        raise NoInputError(f"{url}: no object there")
    folder = work_dir / f"{objects.folder_name}-in"
    with _alone(folder, url, timeout):
        _bring_inputs(objects, _fit(objects.url, listed), folder)
    return folder / only


def _fit(url: str, listed: Mapping[str, str]) -> dict[str, str]:
    """The objects that can be files, those no reader takes as ''."""
    folders = {key[: at.start()] for key in listed for at in re.finditer("/", key)}
    fit: dict[str, str] = {}
    for key, is_what in listed.items():
        is_read = key.lower().endswith((*SUFFIXES, SIDECAR))
        is_long = any(len(name.encode()) > NAME_BYTES for name in key.split("/"))
        if is_read and (is_long or key in folders):
            why = f"a name longer than {NAME_BYTES} bytes" if is_long else "a folder of other keys"
            raise NoInputError(f"{url}/{key}: {why} cannot be a file here; rename it, or name a prefix without it")
        if not is_long and key not in folders:
            fit[key] = is_what if is_read else ""
    return fit


def _bring_inputs(objects: Objects, wanted: Mapping[str, str], folder: Path) -> None:
    """Make the folder hold these objects; what it holds is kept beside it."""
    folder.mkdir(exist_ok=True)
    listing = folder.with_suffix(".json")
    there = read_json(listing) if listing.is_file() else {}

    def bring(key: str) -> None:
        target = folder / key
        draft = target.with_name(f"{TEMPORARY}{text_hash(key)}")
        draft.unlink(missing_ok=True)
        try:
            _written(draft, objects.pieces(key) if wanted[key] else ())
        except FileNotFoundError:  # removed since it was listed
            draft.unlink()
            return
        draft.replace(target)

    for place, _, files in os.walk(folder, topdown=False):
        for file in files:
            if str((Path(place) / file).relative_to(folder)) not in wanted:
                (Path(place) / file).unlink()
        if Path(place) != folder and not any(Path(place).iterdir()):
            Path(place).rmdir()
    new = [key for key, is_what in wanted.items() if there.get(key) != is_what or not (folder / key).is_file()]
    for key in new:
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
    _each(bring, new)
    replace_text(json_text(wanted), listing)


def _each(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """The work done on every item, some at once. Raises what the first that failed raised."""
    with ThreadPoolExecutor(CALLS) as pool:
        return list(pool.map(work, items))


def _hashed(pieces: Iterable[bytes]) -> str:
    """The sha256 of the bytes."""
    hashed = sha256()
    for piece in pieces:
        hashed.update(piece)
    return hashed.hexdigest()


def _written(target: Path, pieces: Iterable[bytes]) -> str:
    """The sha256 of the bytes, which are a new file then."""

    def passed() -> Iterator[bytes]:
        for piece in pieces:
            file.write(piece)
            yield piece

    with target.open("xb") as file:
        found = _hashed(passed())
        file.flush()
        os.fsync(file.fileno())
    return found


@contextmanager
def _alone(folder: Path, url: str, timeout: float) -> Iterator[None]:
    """One command at a time works with the folder; waits for it so many seconds, else LockedError."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder.with_suffix(".lock"), timeout=timeout):
            yield
    except Timeout:
        raise LockedError(f"{url}: another command works with its mirror, {folder}") from None
