"""Questions asked of the clean tables, each a short script: `python -m examples.<script>`."""
