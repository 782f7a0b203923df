"""The command line: parse, call, print. Data and `--json` go to stdout, everything else to stderr."""

from __future__ import annotations

import gc
import json
import os
import shlex
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import asdict, fields
from datetime import UTC, datetime
from enum import StrEnum
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from pipeline import __version__
from pipeline.console import Console, balance, counted, funnel, printable, printable_json
from pipeline.errors import PipelineError, UsageError, WriteError

if TYPE_CHECKING:  # polars and pydantic take half a second to import: `copydesk --help` does without them
    from pipeline.config import Config
    from pipeline.remote import Mirror
    from pipeline.run import Order, Outcome
    from pipeline.store import Store, Version

OUT, SOURCE = "data/clean", "data/raw"
NEW_OBJECTS = 100_000  # between two looks for garbage: at Python's 700 they took .18 of 2.6 CPU-s of a run of one page
DONE_WITH_REJECTS = 3
INTERRUPTED, TERMINATED = 130, 143
UNREAD = 141  # what a shell says of a program whose reader left: 128 + SIGPIPE

app = typer.Typer(
    name="copydesk",
    help="Turns scraped news into clean Parquet: site chrome out, wire copy found, names held to one spelling.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class LogFormat(StrEnum):
    """How stderr is written."""

    text = "text"
    json = "json"


class EngineName(StrEnum):
    """Where the work runs."""

    local = "local"
    spark = "spark"


ConfigFile = Annotated[
    Path | None,
    typer.Option("-c", "--config", help="Settings (TOML); else ./configs/default.toml, else the packaged ones."),
]
Source = Annotated[
    str, typer.Option("-i", "--in", metavar="PATH", help="File or folder of raw articles, or s3://bucket/prefix.")
]
Out = Annotated[str, typer.Option("-o", "--out", metavar="PATH", help="Output folder, or s3://bucket/prefix.")]
Sets = Annotated[list[str] | None, typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Override a setting.")]
Jobs = Annotated[int | None, typer.Option("--jobs", min=1, help="Processes that read documents; else one a core.")]
EngineOption = Annotated[EngineName, typer.Option("--engine", help="Where the work runs.")]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="TIME", help="The run's only clock (ISO 8601, UTC where no zone is given)."),
]
DryRun = Annotated[
    bool, typer.Option("-n", "--dry-run", help="Do everything but publish; with --rebuild, show what would differ.")
]
Rebuild = Annotated[bool, typer.Option("--rebuild", help="Take every input again under the present settings.")]
Force = Annotated[bool, typer.Option("--force-publish", help="Publish what a limit would refuse.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Print nothing on success.")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Say what each stage does.")]
LogFormatOption = Annotated[LogFormat, typer.Option("--log-format", help="Write stderr as text or as JSON lines.")]
LockTimeout = Annotated[float, typer.Option("--lock-timeout", min=0, metavar="S", help="Seconds to wait for the lock.")]
RunId = Annotated[
    str | None, typer.Option("--run", help="A kept version, by the first letters of its id; else the current one.")
]


class _TerminatedError(Exception):
    """SIGTERM came."""


@contextmanager
def _guarded(console: Console, *, records: bool = False) -> Iterator[None]:
    """Turn what we raise on purpose, and interruptions, into exit codes; `records` prints failures as JSON, too."""

    def failed(message: str, code: int) -> typer.Exit:
        console.error(message, code)
        if records:
            _print_json({"run_id": None, "exit_code": code, "error": message})
        return typer.Exit(code)

    def terminated(number: int, frame: object) -> None:
        raise _TerminatedError

    previous = signal.signal(signal.SIGTERM, terminated)
    try:
        with console:
            yield
            sys.stdout.flush()
    except BrokenPipeError:  # `copydesk explain ... | head`: nobody is left to tell
        with suppress(OSError):
            sys.stdout.close()
        raise typer.Exit(UNREAD) from None
    except PipelineError as error:
        raise failed(str(error), error.exit_code) from None
    except (KeyboardInterrupt, _TerminatedError) as signalled:
        code = TERMINATED if isinstance(signalled, _TerminatedError) else INTERRUPTED
        raise failed("interrupted; readers see a whole version", code) from None
    except OSError as error:
        raise failed(f"{error.filename or 'the output'}: {error.strerror or error}", WriteError.exit_code) from None
    finally:
        signal.signal(signal.SIGTERM, previous)


def _as_of(text: str | None) -> datetime:
    """The run's clock, in whole seconds: the flag, else SOURCE_DATE_EPOCH, else now."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        if text is not None:
            given = datetime.fromisoformat(text)
            moment = given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)
        elif epoch:
            moment = datetime.fromtimestamp(int(epoch), UTC)
        else:
            moment = datetime.now(UTC)
        if moment.year < 1970:
            raise ValueError("before 1970")
    except (ValueError, OverflowError) as error:
        name = "--as-of" if text is not None else "SOURCE_DATE_EPOCH"
        raise UsageError(f"{name} {text or epoch}: {error}") from None
    return moment.replace(microsecond=0)


@contextmanager
def _ordered(
    console: Console, config: Path | None, source: str, out: str, sets: list[str] | None, jobs: int | None,
    as_of: str | None, lock_timeout: float, *, dry_run: bool = False, force_publish: bool = False, retry: bool = False,
    engine: EngineName = EngineName.local,
) -> Iterator[Order]:  # fmt: skip
    """What a run is asked to do, in folders of this machine: those of buckets are fetched, and published at the end."""
    with _nursery(engine):
        from pipeline.config import load
        from pipeline.objects import is_url
        from pipeline.remote import fetched, work_folder
        from pipeline.run import Order

        loaded, moment = load(config, sets or ()), _as_of(as_of)
        with _folder(console, out, lock_timeout, loaded) as folder:
            yield Order(
                config=loaded,
                source=fetched(source, work_folder(loaded), lock_timeout) if is_url(source) else Path(source),
                out=folder,
                as_of=moment,
                jobs=jobs or len(os.sched_getaffinity(0)),
                engine=engine.value,
                dry_run=dry_run,
                force_publish=force_publish,
                retry=retry,
            )


def _nursery(engine: EngineName) -> AbstractContextManager[None]:
    """What the processes that read documents come from; ready where this command is all the process has done."""
    if engine != EngineName.local or "polars" in sys.modules:
        return nullcontext()
    from pipeline.engines.nursery import NUMPY_THREADS, prepared

    for name in NUMPY_THREADS:  # which this process leaves idle
        os.environ.setdefault(name, "1")
    import pipeline.run  # noqa: F401 - what they need is loaded before they are forked

    return prepared()


def _print_json(value: object) -> None:
    print(printable_json(json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True, default=str)))


def _finish(console: Console, outcome: Outcome, out: str, *, as_json: bool, dry_run: bool = False) -> None:
    """Say how a run ended, and leave with 3 when inputs were refused."""
    from pipeline.objects import is_url
    from pipeline.store import CURRENT

    counts = outcome.counts
    for path, why in outcome.skipped:
        console.event("skipped", f"skipped {path}: {why}", path=path, why=why)
    if outcome.skipped:
        reasons = Counter(why for _, why in outcome.skipped)
        shown = "; ".join(f"{n:,} {why} ({_first_of(outcome.skipped, why)})" for why, n in sorted(reasons.items()))
        console.say(f"skipped     {len(outcome.skipped):>8,}   {shown}")
    if outcome.version is None and not (counts["extract"]["n_written"] or counts["extract"]["n_rejected"]):
        console.say(f"nothing new\n{balance(counts['extract'])}")
    else:
        console.say(funnel(counts))
    if outcome.version is not None:
        console.event("published", f"published {outcome.version.run_id}", run_id=outcome.version.run_id)
        place = out if is_url(out) else f"{Path(out) / CURRENT}/"
        console.say(f"output      {place}  (version {outcome.version.run_id})")
    elif dry_run:
        console.say("dry run: nothing published")
    to_review = counts.get("names", {}).get("n_to_review", 0)
    if to_review:
        console.say(
            f"review      {to_review:>8,}   pairs of spellings in the new articles may be one person's; "
            f"`copydesk names discover{_where(out)}` lists them"
        )
    if outcome.preview is not None and not as_json:
        _show_preview(console, outcome.preview)
    if outcome.n_rejected:
        console.warning(
            "rejected",
            f"{counted(outcome.n_rejected, 'input')} rejected; `copydesk rejects{_where(out)}` lists them",
            n=outcome.n_rejected,
        )
    if as_json:
        _print_json({
            "run_id": outcome.version.run_id if outcome.version else None,
            "exit_code": DONE_WITH_REJECTS if outcome.n_rejected else 0,
            "counts": counts,
            "skipped": [{"path": path, "why": why} for path, why in outcome.skipped],
            **({"preview": outcome.preview} if outcome.preview is not None else {}),
        })  # fmt: skip
    if outcome.n_rejected:
        raise typer.Exit(DONE_WITH_REJECTS)


def _show_preview(console: Console, preview: Mapping[str, Any]) -> None:
    """What a rebuild would change: the answer to what was asked, so on stdout, unless quiet."""
    from pipeline import diff, pager

    if console.level >= 0:
        pager.show(diff.page(preview))


def _first_of(skipped: Sequence[tuple[str, str]], why: str) -> str:
    paths = [path for path, reason in skipped if reason == why]
    return paths[0] if len(paths) == 1 else f"{paths[0]}, ..."


def _console(log_format: LogFormat, *, quiet: bool, verbose: bool) -> Console:
    chosen: Literal["text", "json"] = log_format.value
    return Console(chosen, -1 if quiet else 1 if verbose else 0)


@app.command("run")
def run_command(
    config: ConfigFile = None,
    source: Source = SOURCE,
    out: Out = OUT,
    sets: Sets = None,
    jobs: Jobs = None,
    engine: EngineOption = EngineName.local,
    as_of: AsOf = None,
    rebuild: Rebuild = False,
    dry_run: DryRun = False,
    force_publish: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    log_format: LogFormatOption = LogFormat.text,
    lock_timeout: LockTimeout = 0.0,
) -> None:
    """Take in what is new and publish it: the five stages and the commit."""
    console = _console(log_format, quiet=quiet, verbose=verbose)
    with _guarded(console, records=as_json):
        with _ordered(
            console, config, source, out, sets, jobs, as_of, lock_timeout,
            dry_run=dry_run, force_publish=force_publish, engine=engine,
        ) as order:  # fmt: skip
            from pipeline.run import run as start

            if rebuild:
                from pipeline.rebuild import rebuild as start

            outcome = start(order, console, lock_timeout=lock_timeout)
        _finish(console, outcome, out, as_json=as_json, dry_run=dry_run)


def _stage_command(stage: str, what: str, register: Callable[[Callable[..., None]], object]) -> None:
    def command(
        context: typer.Context,
        config: ConfigFile = None,
        source: Source = SOURCE,
        out: Out = OUT,
        sets: Sets = None,
        jobs: Jobs = None,
        engine: EngineOption = EngineName.local,
        as_of: AsOf = None,
        force_publish: Force = False,
        as_json: AsJson = False,
        quiet: Quiet = False,
        verbose: Verbose = False,
        log_format: LogFormatOption = LogFormat.text,
        lock_timeout: LockTimeout = 0.0,
    ) -> None:
        if context.invoked_subcommand is not None:
            return
        console = _console(log_format, quiet=quiet, verbose=verbose)
        with _guarded(console, records=as_json):
            with _ordered(
                console, config, source, out, sets, jobs, as_of, lock_timeout,
                force_publish=force_publish, engine=engine,
            ) as order:  # fmt: skip
                from pipeline import run

                outcome = run.one_stage(stage, order, console, lock_timeout=lock_timeout)
            console.say(f"{stage}: done; its tables are in {order.out / '.stage' / stage}")
            _finish(console, outcome, out, as_json=as_json)

    command.__doc__ = what
    register(command)


names_app = typer.Typer(rich_markup_mode=None)
_stage_command(
    "extract",
    "Read what is new: documents to scored lines. Starts a run; the other stages follow.",
    app.command("extract"),
)
_stage_command("clean", "Turn scores, repeats and outlet rules into a verdict on every line.", app.command("clean"))
_stage_command("dedup", "Find paragraphs that are copies of earlier ones.", app.command("dedup"))
_stage_command(
    "names",
    "Find people and hold their names to one spelling; or keep the table of people, with a command.",
    names_app.callback(invoke_without_command=True),
)
_stage_command("export", "Put the tables together and publish them: the commit.", app.command("export"))
app.add_typer(names_app, name="names")


class ListFormat(StrEnum):
    """How a list of names is laid out."""

    csv = "csv"
    wikidata = "wikidata"
    jrc = "jrc"


Into = Annotated[Path | None, typer.Option("--into", help="File of people to write; else one beside the settings.")]


@names_app.command("import")
def names_import_command(
    names_list: Annotated[Path, typer.Argument(metavar="LIST", help="File of spellings, UTF-8.")],
    list_format: Annotated[
        ListFormat,
        typer.Option(
            "--format", help="csv: id,canonical,alias,lang,source; wikidata: item,label,alias,lang; jrc: JRC-Names."
        ),
    ] = ListFormat.csv,
    into: Into = None,
    join: Annotated[
        bool, typer.Option("--join", help="Take a person whose canonical name the table has for the table's person.")
    ] = False,
    left_out: Annotated[
        Path | None, typer.Option("--left-out", help="CSV file for the rows left out: row,spelling,reason,person.")
    ] = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Make a file of people from a list: your own, a Wikidata query's, JRC-Names."""
    console = Console()
    with _guarded(console):
        from pipeline import files, people
        from pipeline.config import load

        loaded = load(config)
        target, _ = people.own_file(loaded, into, "imported.toml")
        listed = people.FORMATS[list_format.value](people.read_list(names_list), str(names_list))
        made = people.imported(
            listed, people.others(loaded, target), join=join, source=f"imported from {names_list.name}"
        )
        people.publish(made.file, target, loaded, f"Made by `copydesk names import` from {names_list.name}.")
        if left_out is not None:
            columns = [column.name for column in fields(people.LeftOut)]
            files.replace_text(people.written_rows(map(asdict, made.left_out), columns), left_out)
        counts = {
            "people": len(made.file.person),
            "joined": len(made.file.alias),
            "taken": made.n_taken,
            "known": made.n_known,
            "left_out": len(made.left_out),
        }
        n_rows = counts["taken"] + counts["known"] + counts["left_out"]
        console.say(
            f"{target}: {counts['people']:,} new people, {counts['joined']:,} of the table with more spellings\n"
            f"{n_rows:,} rows = {counts['taken']:,} spellings taken + {counts['known']:,} known without them "
            f"(a canonical name, a repetition, other case, hyphens or accents) + {counts['left_out']:,} left out"
        )
        for reason, examples in people.left_out_reasons(made.left_out):
            console.say(f"{len(examples):>8,} left out   {reason} (row {examples[0].row}: {examples[0].spelling})")
        if as_json:
            _print_json({"file": str(target), **counts})


@names_app.command("export")
def names_export_command(config: ConfigFile = None) -> None:
    """Print the table of people as CSV: id,canonical,alias,lang,source."""
    with _guarded(Console()):
        from pipeline import people
        from pipeline.config import load

        print(people.written_rows(people.exported(load(config)), people.COLUMNS), end="")


@names_app.command("discover")
def names_discover_command(
    to: Annotated[Path, typer.Option("--to", help="CSV file to write; it must not exist.")] = Path("proposals.csv"),
    min_articles: Annotated[int, typer.Option("--min-articles", min=1, help="Articles that have one of the two.")] = 2,
    out: Out = OUT,
    run_id: RunId = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Propose spellings of one person found in the clean tables, for you to decide."""
    console = Console()
    with _guarded(console):
        from pipeline import files, people
        from pipeline.config import load

        if to.exists():
            raise UsageError(f"{to}: it exists; `copydesk names accept` it or move it first, or name another with --to")
        found = people.discovered(_version(out, run_id), load(config), min_articles)
        files.replace_text(people.written_rows(people.proposal_rows(found), people.PROPOSAL_COLUMNS), to)
        counts = Counter(proposal.reason for proposal in found)
        shown = ", ".join(f"{count:,} {reason}" for reason, count in sorted(counts.items()))
        console.say(f"{to}: {len(found):,} pairs await a decision{f' ({shown})' if shown else ''}")
        if as_json:
            _print_json({"file": str(to), "pairs": len(found), "reasons": counts})


@names_app.command("accept")
def names_accept_command(
    decided: Annotated[Path, typer.Argument(metavar="PROPOSALS", help="The CSV file, decision yes or no filled in.")],
    into: Into = None,
    config: ConfigFile = None,
) -> None:
    """Put decided proposals into a file of people: yes is one person, no is never merged."""
    console = Console()
    with _guarded(console):
        from pipeline import people
        from pipeline.config import load
        from pipeline.stages.names import PeopleFile

        loaded = load(config)
        target, before = people.own_file(loaded, into, "accepted.toml")
        made = people.accepted(people.read_list(decided), str(decided), loaded.people_files, before or PeopleFile())
        if made.n_yes or made.n_no:
            people.publish(made.file, target, loaded, "Made by `copydesk names accept`; edit it as you like.")
        console.say(f"{target}: {made.n_yes:,} accepted, {made.n_no:,} kept apart, {made.n_open:,} still open")
        known = {person.id for _, file in loaded.people_files for person in file.person}
        for spelling, name, person in made.spelled:
            console.say(f"  {spelling} is {name} ({'' if person in known else 'new: '}{person})")
        for left, right in made.apart:
            console.say(f"  {left} is not {right}")


@app.command("explain")
def explain_command(
    article: Annotated[
        str, typer.Argument(help="Id, path, url, or what only one article has in its title, deck, path or url.")
    ],
    line: Annotated[int | None, typer.Option("--line", min=1, help="One line's story, and what would keep it.")] = None,
    out: Out = OUT,
    run_id: RunId = None,
    as_json: AsJson = False,
) -> None:
    """Show an article's page with the verdict on every line."""
    with _guarded(Console()):
        from pipeline import explain, pager

        version = _version(out, run_id)
        with _blamed(version):
            record = explain.explained(version, article, line, where=_where(out))
        if as_json:
            _print_json(record)
        else:
            pager.show(explain.page(record, pager.width()) if line is None else explain.line_story(record))


@app.command("runs")
def runs_command(
    run_id: Annotated[str | None, typer.Argument(metavar="[RUN]", help="One run; else all that are kept.")] = None,
    out: Out = OUT,
    as_json: AsJson = False,
) -> None:
    """List the versions kept, or one run's figures by stage: time, articles per second, memory, counts."""
    with _guarded(Console()):
        from pipeline import history, pager

        store = _store(out)
        if run_id is not None:
            run = history.figures(store.version(run_id))
            _print_json(run) if as_json else pager.show(history.page(run))
            return
        kept = history.listed(store.versions(), store.version(None))
        _print_json(kept) if as_json else pager.show(history.table(kept))


@app.command("diff")
def diff_command(
    before: Annotated[str, typer.Argument(metavar="RUN", help="The version to start from.")],
    after: Annotated[str, typer.Argument(metavar="RUN", help="The version to compare with it.")],
    out: Out = OUT,
    as_json: AsJson = False,
) -> None:
    """Show what differs between two versions: articles by cause, verdicts on lines, copies, names."""
    with _guarded(Console()):
        from pipeline import diff, pager

        store = _store(out)
        versions = store.version(before), store.version(after)
        with _blamed(*versions):
            difference = diff.compared(*versions)
        _print_json(difference) if as_json else pager.show(diff.page(difference))


@app.command("rollback")
def rollback_command(
    run_id: Annotated[
        str | None, typer.Argument(help="The run to go back to; else the one before the current.")
    ] = None,
    out: Out = OUT,
    lock_timeout: LockTimeout = 0.0,
) -> None:
    """Point readers back to an earlier version; the next run takes later inputs again."""
    console = Console()
    with _guarded(console):
        from pipeline.store import Store

        with _folder(console, out, lock_timeout, may_be_damaged=True) as folder:
            store = Store(folder)
            with store.locked(lock_timeout):
                target = store.version(run_id) if run_id else _one_before(store)
                store.point_to(target)
        console.say(f"current is now {target.run_id}")


def _one_before(store: Store) -> Version:
    base = store.version(None).manifest["base"]
    if base is None:
        raise UsageError(f"{store.root}: the current version is the first")
    kept = [version.run_id for version in store.versions()]
    if base not in kept:
        raise UsageError(f"{store.root}: the version before the current is not kept; name one of {', '.join(kept)}")
    return store.version(base)


@app.command("forget")
def forget_command(
    article: Annotated[str, typer.Argument(help="Id, path below --in, or url: whole, and in any version kept.")],
    out: Out = OUT,
    as_json: AsJson = False,
    quiet: Quiet = False,
    lock_timeout: LockTimeout = 0.0,
) -> None:
    """Take an article out of every kept version and the state; no later run takes it in again."""
    console = Console(level=-1 if quiet else 0)
    with _guarded(console):
        from pipeline.forget import forget
        from pipeline.store import REPORT, Store

        with _folder(console, out, lock_timeout, tidy=True) as folder, (store := Store(folder)).locked(lock_timeout):
            forgotten = forget(store, article)
        ids = [version.run_id for version in forgotten.versions]
        title = forgotten.title or "no title"
        console.say(
            f"article {forgotten.article_id} ({forgotten.source_path}: {title}) is in no version any more; "
            f"in their place: {', '.join(ids)}\n"
            f"{folder / REPORT}: removed, it may have quoted it; reports written elsewhere are yours to remove"
        )
        if as_json:
            _print_json({"article_id": forgotten.article_id, "versions": ids})


class RejectsAction(StrEnum):
    """What to do with the inputs refused."""

    list = "list"
    retry = "retry"


@app.command("rejects")
def rejects_command(
    action: Annotated[RejectsAction, typer.Argument(help="list them, or take them again")] = RejectsAction.list,
    config: ConfigFile = None,
    source: Source = SOURCE,
    out: Out = OUT,
    sets: Sets = None,
    jobs: Jobs = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    lock_timeout: LockTimeout = 0.0,
) -> None:
    """List the inputs refused and why, or run again with them."""
    console = Console(level=-1 if quiet else 0)
    with _guarded(console):
        if action is RejectsAction.retry:
            with _ordered(console, config, source, out, sets, jobs, as_of, lock_timeout, retry=True) as order:
                from pipeline import run

                outcome = run.run(order, console, lock_timeout=lock_timeout)
            _finish(console, outcome, out, as_json=as_json)
            return
        from pipeline import schemas

        rows = _version(out, None).read(schemas.REJECTS).sort(list(schemas.REJECTS.key)).to_dicts()
        if as_json:
            _print_json(rows)
        else:
            for row in rows:
                print(printable(f"{row['source_path']} at {row['source_offset']}: {row['reason']}: {row['detail']}"))


@app.command("check")
def check_command(
    out: Out = OUT,
    run_id: RunId = None,
    deep: Annotated[bool, typer.Option("--deep", help="Read every byte and compare every file's sha256.")] = False,
    quiet: Quiet = False,
) -> None:
    """Prove a version: balance, keys, references, offsets, hashes. Exit 65 when something is wrong."""
    console = Console(level=-1 if quiet else 0)
    with _guarded(console):
        from pipeline.check import problems
        from pipeline.errors import RefusedError

        version = _version(out, run_id)
        wrong = [*problems(version, deep=deep), *(_changed_objects(out, version) if deep else ())]
        if wrong:
            raise RefusedError(f"version {version.run_id}: " + "; ".join(wrong))
        console.say(f"version {version.run_id}: sound")


@app.command("report")
def report_command(
    file: Annotated[
        Path | None, typer.Option("--file", help="HTML file to write; else report.html in the output folder.")
    ] = None,
    run_id: RunId = None,
    out: Out = OUT,
    config: ConfigFile = None,
    quiet: Quiet = False,
) -> None:
    """Write one offline HTML file that shows a run: what was removed, copied, renamed and refused, and why."""
    console = Console(level=-1 if quiet else 0)
    with _guarded(console):
        from pipeline import files, report
        from pipeline.config import load
        from pipeline.store import REPORT

        store = _store(out)
        version = store.version(run_id)
        base = store.before(version)
        with _blamed(version, *([base] if base else [])):
            page = report.html(version, base, load(config))
        target = file or store.root / REPORT
        files.replace_text(page, target)
        console.say(f"{target}: the report of run {version.run_id}, {len(page.encode()) / 1000:,.0f} kB")


class ConfigAction(StrEnum):
    """What to do with the settings."""

    check = "check"
    show = "show"
    schema = "schema"


@app.command("config")
def config_command(
    action: Annotated[ConfigAction, typer.Argument(help="check them, show them resolved, or print their JSON schema")],
    config: ConfigFile = None,
    sets: Sets = None,
) -> None:
    """Check the settings, show them as resolved, or print their JSON schema."""
    console = Console()
    with _guarded(console):
        from pipeline.config import Settings, load

        if action is ConfigAction.schema:
            _print_json(Settings.model_json_schema())
            return
        loaded = load(config, sets or ())
        if action is ConfigAction.show:
            _print_json(loaded.settings.model_dump(mode="json"))
            return
        console.say(f"{loaded.path}: good; rules for {len(loaded.outlet_rules)} outlets, {loaded.n_people} people")


class StateAction(StrEnum):
    """What to do with the state."""

    info = "info"
    rebuild = "rebuild"


@app.command("state")
def state_command(
    action: Annotated[StateAction, typer.Argument(help="show its size, or make it anew from the tables")],
    out: Out = OUT,
    run_id: RunId = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    lock_timeout: LockTimeout = 0.0,
) -> None:
    """Show what the next run remembers, how much disk that takes and per million paragraphs; or make it anew."""
    console = Console(level=-1 if quiet else 0)
    with _guarded(console):
        from pipeline import schemas

        if action is StateAction.rebuild:
            from pipeline import state
            from pipeline.config import load

            if run_id is not None:
                raise UsageError("state rebuild: it is the current version's state; --run is for `state info`")
            from pipeline.store import Store

            loaded = load(config)
            with _folder(console, out, lock_timeout, loaded) as folder, (store := Store(folder)).locked(lock_timeout):
                made = state.rebuild(store, loaded)
            console.say(f"version {made.run_id} has the same tables and a state made from them")
            return
        version = _version(out, run_id)
        rows = {output["path"]: output["rows"] for output in version.manifest["outputs"]}
        sizes: list[dict[str, Any]] = []
        for table in schemas.STATE_TABLES:
            files = version.files(table, state=True)
            sizes.append({
                "table": table.name,
                "days": len(files),
                "rows": sum(rows[str(file.relative_to(version.path))] for file in files.values()),
                "bytes": version.n_bytes(table, state=True),
            })  # fmt: skip
        paragraphs = next(size["rows"] for size in sizes if size["table"] == schemas.FINGERPRINTS.name)
        for size in sizes:  # bytes per paragraph are megabytes per million
            size["mb_per_million_paragraphs"] = round(size["bytes"] / paragraphs, 1) if paragraphs else None
        if as_json:
            _print_json(sizes)
        else:
            for size in sizes:
                share = size["mb_per_million_paragraphs"]
                per_million = "" if share is None else f" {share:>8,.1f} MB per million paragraphs"
                print(
                    f"{size['table']:<14} {size['days']:>5} days {size['rows']:>10,} rows "
                    f"{size['bytes']:>12,} bytes{per_million}"
                )


def _where(out: str) -> str:
    """The option that names the output folder in a command we print; '' for the usual one."""
    return "" if out == OUT else f" --out {shlex.quote(out)}"


@contextmanager
def _blamed(*versions: Version) -> Iterator[None]:
    """What polars cannot read inside is a DamagedError that names a damaged file, where one of the versions has any."""
    from polars.exceptions import PanicException, PolarsError

    from pipeline.errors import DamagedError

    try:
        yield
    except (PolarsError, PanicException):
        for version in versions:
            for wrong in version.damaged():
                raise DamagedError(f"version {version.run_id}: {wrong}") from None
        raise


@contextmanager
def _folder(
    console: Console, out: str, lock_timeout: float, config: Config | None = None,
    *, may_be_damaged: bool = False, tidy: bool = False,
) -> Iterator[Path]:  # fmt: skip
    """The output folder to change; of a bucket its mirror: what is changed there goes to the bucket in the end.

    `may_be_damaged`: the current version; `tidy`: nothing may be left in the bucket that no version holds.
    """
    from pipeline.objects import is_url

    if not is_url(out):
        yield Path(out)
        return
    mirror = _mirror(out, config)
    with mirror.alone(lock_timeout):
        _fetch(console, mirror, may_be_damaged=may_be_damaged)
        if tidy:
            mirror.refuse_damaged(every=True)
            mirror.publish(tidy=True)
        yield mirror.store.root
        mirror.publish()


def _mirror(out: str, config: Config | None = None) -> Mirror:
    from pipeline.config import load
    from pipeline.remote import Mirror, work_folder

    return Mirror(out, work_folder(config or load()))


def _fetch(console: Console, mirror: Mirror, *, may_be_damaged: bool = False) -> None:
    mirror.fetch()
    if not may_be_damaged:
        mirror.refuse_damaged()
    for name, why in sorted(mirror.damaged.items()):
        console.warning("damaged", f"{why}; this version is left out", version=name)


def _store(out: str) -> Store:
    """The output to read; of a bucket its mirror, as the bucket is now."""
    from pipeline.objects import is_url
    from pipeline.store import Store

    if not is_url(out):
        return Store(Path(out))
    mirror = _mirror(out)
    with mirror.alone():
        _fetch(Console(), mirror)
    return mirror.store


def _changed_objects(out: str, version: Version) -> Sequence[str]:
    from pipeline.objects import is_url

    return _mirror(out).changed_objects(version) if is_url(out) else ()


def _version(out: str, run_id: str | None) -> Version:
    return _store(out).version(run_id)


def _show_version(asked: bool) -> None:
    if asked:
        print(f"copydesk {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Entry point of the `copydesk` command."""
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # looks for some in every package installed
    gc.set_threshold(NEW_OBJECTS)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that knows only ASCII shows codes
    app()


if __name__ == "__main__":
    main()
