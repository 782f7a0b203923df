"""Which rows of a version the report tells of: those its run wrote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from pipeline.schemas import Table
from pipeline.store import Version


@dataclass(frozen=True)
class Scope:
    """The rows of one run in its version: its batch, or every row where the run was a rebuild."""

    version: Version

    @property
    def manifest(self) -> dict[str, Any]:
        """The manifest of the version."""
        return self.version.manifest

    @property
    def is_batch(self) -> bool:
        """Whether the run added a batch; a rebuild writes the rows of every batch before it anew."""
        return bool(self.version.made_by == self.manifest["batches"][-1])

    @property
    def lines(self) -> str:
        """Which lines were published: `all`, `dropped` or `none`."""
        return str(self.manifest["settings"]["export"]["lines"])

    def counts(self, stage: str) -> dict[str, Any]:
        """What a stage of the run counted."""
        counted: dict[str, Any] = self.manifest["counts"][stage]
        return counted

    def scan(self, table: Table) -> pl.LazyFrame:
        """The run's rows of the table, lazily. Clusters: those that the run founded or that grew in it."""
        rows = self.version.scan(table)
        return rows.filter(pl.col("batch_id") == self.manifest["batches"][-1]) if self.is_batch else rows
