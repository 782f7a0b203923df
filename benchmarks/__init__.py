"""Figures of quality and speed, each suite one module: `python -m benchmarks.<suite>`."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import NoInputError

# The folder that holds bench/ and seeds/; it is not part of the project.
DATA = Path(os.environ.get("COPYDESK_BENCH", Path(__file__).parents[2] / "shared"))
# Where figures, fold weights and the peers' answers are kept; not tracked.
OUT = Path(__file__).parent / "out"


def data_folder(*needed: str) -> Path:
    """DATA, which has these files; raises NoInputError for the first that is missing."""
    for name in needed:
        if not (DATA / name).is_file():
            raise NoInputError(f"no {name} in {DATA}; COPYDESK_BENCH names the folder that holds bench/ and seeds/")
    return DATA


def write_figures(file: Path, suite: str, figures: Mapping[str, float], **more: Any) -> None:
    """Write what a suite measured as JSON, where `benchmarks.floors` reads it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    report = {"suite": suite, "figures": figures, **more}
    file.write_text(json.dumps(report, indent=1, sort_keys=True) + "\n", encoding="utf-8")
