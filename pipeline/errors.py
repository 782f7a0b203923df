"""What copydesk raises on purpose. Each error carries the exit code that cron reads.

PipelineError
├── UsageError      2    the call is wrong
├── RefusedError    65   the data is wrong: too many rejects, a balance that does not add up
│   └── DamagedError     a file of the output is not what was written
├── NoInputError    66   nothing to read
├── WriteError      73   the output cannot be written
├── LockedError     75   another run holds the lock, or was first
└── ConfigError     78   the settings are wrong, or a stage does not fit the one before it
"""

from __future__ import annotations


class PipelineError(Exception):
    """An error in the input, the settings or the machine: shown without a stack trace."""

    exit_code = 1


class UsageError(PipelineError):
    """The command line asks for something that does not exist."""

    exit_code = 2


class RefusedError(PipelineError):
    """The result is not fit to publish: too many inputs rejected, an outlet that lost most of its text, a balance that
    does not add up, a damaged file of the output, a rebuild whose input is gone. The version before stays current.
    """

    exit_code = 65


class DamagedError(RefusedError):
    """A file of the output is not what was written: changed, cut off, gone, or from elsewhere."""


class NoInputError(PipelineError):
    """There is nothing to read where the input should be."""

    exit_code = 66


class WriteError(PipelineError):
    """The output folder cannot be written."""

    exit_code = 73


class LockedError(PipelineError):
    """Another run holds the lock of this output folder, or published to the bucket first."""

    exit_code = 75


class ConfigError(PipelineError):
    """A setting is unknown or out of range, or a stage was made from other input or settings."""

    exit_code = 78
