"""Objects in an S3 bucket: the only module that reaches the network, and only to the stores the user names.

Credentials, endpoint and region come from the environment, as AWS_* variables. An error of the library is never shown
as it is: it may quote what was sent.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError, PipelineError, UsageError
from pipeline.kernels.hashing import text_hash

SCHEME = "s3://"
PIECE = 8 << 20  # bytes of an object in memory at once

_PLACE = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?")
_CODE = re.compile(r"<Code>(\w+)</Code>|status code: (\d{3} [A-Z][A-Za-z ]+)")
_KEY = re.compile(r'Error parsing Path "(.*?)": ', re.DOTALL)
_CREDENTIALS = (  # one of these is set, else the library would ask the machine's metadata service
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_METADATA_ENDPOINT",
    "AWS_SKIP_SIGNATURE",
)


def is_url(place: str) -> bool:
    """Whether an input or output is in a bucket."""
    return place.startswith(SCHEME)


class Objects:
    """The objects at a url; what goes wrong with them is an `error` of ours, one line without what was sent."""

    def __init__(self, url: str, error: type[PipelineError]) -> None:
        place = _PLACE.fullmatch(url.rstrip("/"))
        if place is None:
            raise UsageError("a place in a bucket is written s3://bucket/prefix")
        try:
            import obstore
            from obstore.store import S3Store
        except ImportError:
            raise ConfigError(f"{SCHEME} needs the library obstore: `pip install 'copydesk[s3]'`") from None
        self.url, self.error = place[0], error
        if not any(os.environ.get(name) for name in _CREDENTIALS):
            raise error(f"{self.url}: no credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set")
        self._calls: Any = obstore
        with self._told():
            self._store: Any = S3Store(place[1], prefix=place[2] or None)

    @property
    def folder_name(self) -> str:
        """What a folder here for these objects is called: another one for another server."""
        return text_hash(f"{self._store.config.get('endpoint', '')} {self.url}")

    @contextmanager
    def _told(self, key: str = "") -> Iterator[None]:
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, FileNotFoundError) as failure:
            if isinstance(failure, OSError) and failure.errno is not None:  # a file here
                raise
            raise self.error(f"{self.url}{key and '/'}{key}: {_why(str(failure))}") from None

    def listed(self) -> dict[str, str]:
        """Every key, with the ETag and the size of its object."""
        with self._told():
            parts = list(self._calls.list(self._store))
        return {item["path"]: f"{item['e_tag']} {item['size']}" for part in parts for item in part}

    def one(self, key: str) -> dict[str, str]:
        """The same for one key; empty where there is no object."""
        with self._told(key):
            try:
                item = self._calls.head(self._store, key)
            except FileNotFoundError:
                return {}
        return {key: f"{item['e_tag']} {item['size']}"}

    def keys(self, folder: str) -> list[str]:
        """The keys below a folder."""
        with self._told():
            return [item["path"] for part in self._calls.list(self._store, f"{folder}/") for item in part]

    def folders(self, folder: str) -> list[str]:
        """The names of the folders in a folder."""
        with self._told():
            found = self._calls.list_with_delimiter(self._store, f"{folder}/")
        return [prefix.rpartition("/")[2] for prefix in found["common_prefixes"]]

    def read(self, key: str) -> tuple[bytes, str] | None:
        """A small object and its ETag; None where there is none."""
        with self._told(key):
            try:
                found = self._calls.get(self._store, key)
            except FileNotFoundError:
                return None
            return bytes(found.bytes()), str(found.meta["e_tag"])

    def pieces(self, key: str) -> Iterator[bytes]:
        """An object's bytes. Raises FileNotFoundError where there is none."""
        with self._told(key):
            try:
                found = self._calls.get(self._store, key)
            except FileNotFoundError:
                raise FileNotFoundError(errno.ENOENT, "no such object", f"{self.url}/{key}") from None
            for piece in found.stream(min_chunk_size=PIECE):
                yield bytes(piece)

    def put(self, key: str, file: Path) -> None:
        """Put a file of any size."""
        with self._told(key):
            self._calls.put(self._store, key, file)

    def copy(self, source: str, target: str) -> bool:
        """Copy an object there; False where that cannot be: it is gone, or over 5 GB."""
        from obstore.exceptions import BaseError

        try:
            self._calls.copy(self._store, source, target)
        except (BaseError, FileNotFoundError):
            return False
        return True

    def swap(self, key: str, content: bytes, e_tag: str | None) -> str | None:
        """The ETag of an object put in place of the one with that ETag, or, None, of none; None where it is not so.

        A put whose answer was lost is tried again by the library, and refused: what is there then is what we put.
        """
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        with self._told(key):
            try:
                mode = "create" if e_tag is None else {"e_tag": e_tag}
                return str(self._calls.put(self._store, key, content, mode=mode)["e_tag"])
            except (AlreadyExistsError, PreconditionError):
                found = self.read(key)
                return found[1] if found is not None and found[0] == content else None

    def remove(self, keys: list[str]) -> None:
        """Remove objects; those that are gone already are no error."""
        with self._told():
            self._calls.delete(self._store, keys)


def _why(failure: str) -> str:
    """One sentence for an error of the library, of which only what is no secret is told."""
    codes = [code or status for code, status in _CODE.findall(failure)]
    if "NoSuchBucket" in codes:
        return "no such bucket"
    if codes:
        return f"the store refuses ({codes[-1]}); what do the AWS_* variables say?"
    for key in _KEY.findall(failure):
        return f"the key {key!r} cannot be the path of a file; rename it, or name a prefix without it"
    return "plain http needs AWS_ALLOW_HTTP=true" if "BadScheme" in failure else "no answer from the store"
