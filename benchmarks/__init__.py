"""Figures of quality and speed, each suite one module: `python -m benchmarks.<suite>`."""

import os
from pathlib import Path

# The folder that holds bench/ and seeds/; it is not part of the project.
DATA = Path(os.environ.get("COPYDESK_BENCH", Path(__file__).parents[2] / "shared"))
