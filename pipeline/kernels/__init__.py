"""Pure functions on plain values and batches; they know nothing of files, settings or engines."""
