"""Figures of quality and speed, each suite one module: `python -m benchmarks.<suite>`."""
