"""What holds for every test."""

from hypothesis import settings

# Time is the benchmarks' affair: on a busy machine a deadline fails a test that shows nothing.
settings.register_profile("copydesk", deadline=None)
settings.load_profile("copydesk")
