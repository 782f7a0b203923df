"""A made-up world of news, with exact gold for every stage: `python -m benchmarks.world --out DIR`.

Invented outlets print invented stories of invented agencies. Same numbers and seed, same bytes. Nothing is copied from
anywhere: sentences come from a grammar, words from lists of our own. Figures from it show what changed and what breaks;
they say nothing about how well real pages are read, and are never quoted as if they did.
"""
