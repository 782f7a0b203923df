"""Figures of quality and speed, each suite one module: `python -m benchmarks.<suite>`."""

import os
from pathlib import Path

# The folder that holds bench/ and seeds/; it is not part of the project.
DATA = Path(os.environ.get("COPYDESK_BENCH", Path(__file__).parents[2] / "shared"))
# Where figures, fold weights and the peers' answers are kept; not tracked.
OUT = Path(__file__).parent / "out"
