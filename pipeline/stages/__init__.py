"""The stages, one file each; every stage adds columns that say what it thinks, and export listens."""

STAGES = ("extract", "clean", "dedup", "names", "export")
