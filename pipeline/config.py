"""TOML -> frozen settings. A key that no setting names is an error with a suggestion; nothing is guessed.

Two sources only: the file and `--set section.key=value`. Files that the settings name (outlet rules, people) are
looked for beside the configuration file, or, with the prefix `packaged:`, among the files copydesk brings along.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, Field, ValidationError

from pipeline.errors import ConfigError
from pipeline.kernels.hashing import text_hash
from pipeline.kernels.wire import WireRules
from pipeline.stages.base import StageSettings
from pipeline.stages.clean import OutletRules
from pipeline.stages.clean import Settings as CleanSettings
from pipeline.stages.dedup import Settings as DedupSettings
from pipeline.stages.export import Settings as ExportSettings
from pipeline.stages.extract import Settings as ExtractSettings
from pipeline.stages.names import People, PeopleFile, people_table
from pipeline.stages.names import Settings as NamesSettings
from pipeline.stages.wire import WireFile, wire_rules

PACKAGED = "packaged:"
LOCAL_DEFAULT = Path("configs/default.toml")
USUAL = (
    "outlets/*.toml",
    "names/*.toml",
    "wire.toml",
)  # the patterns of the default settings: there need not be such files

Model = TypeVar("Model", bound=BaseModel)


class RunSettings(StageSettings):
    """What holds for a run as a whole."""

    keep_versions: int = Field(3, ge=1)  # versions kept on disk, the current one included
    max_reject_share: float = Field(0.1, ge=0, le=1)  # more new inputs refused than this: nothing is published
    min_reject_inputs: int = Field(100, ge=1)  # new inputs from which max_reject_share is looked at
    max_outlet_loss: float = Field(0.5, ge=0, le=1)  # an outlet whose articles keep so much less: nothing is published
    min_outlet_articles: int = Field(20, ge=1)  # its articles now, and before, from which max_outlet_loss is looked at


class SparkSettings(StageSettings):
    """Where `--engine spark` runs."""

    master: str = ""  # spark://host:7077, yarn, k8s://...; "" = what spark-submit says, else this machine
    work_dir: str = ""  # folder that all machines share; "" = in the output folder, which they share then
    conf: Mapping[str, str | int | bool] = {}  # Spark's own properties


class RemoteSettings(StageSettings):
    """What holds for inputs and outputs in a bucket."""

    work_dir: str = ""  # folder of their mirrors, from this file's; "" = copydesk in the user's cache folder


class Settings(StageSettings):
    """All settings: one section for the run, one for buckets, one per stage, one for an engine."""

    run: RunSettings = RunSettings()
    remote: RemoteSettings = RemoteSettings()
    extract: ExtractSettings = ExtractSettings()
    clean: CleanSettings = CleanSettings()
    dedup: DedupSettings = DedupSettings()
    names: NamesSettings = NamesSettings()
    export: ExportSettings = ExportSettings()
    spark: SparkSettings = SparkSettings()


@dataclass(frozen=True)
class Config:
    """The settings of a run, where they came from, and the files they name, already read and checked."""

    settings: Settings
    path: Path
    outlet_rules: Mapping[str, OutletRules]
    people: People
    people_files: Sequence[tuple[str, PeopleFile]]
    wire_rules: WireRules
    wire_files: Sequence[tuple[str, WireFile]]

    @property
    def n_people(self) -> int:
        """People in the files."""
        return sum(len(file.person) for _, file in self.people_files)

    @property
    def people_hash(self) -> str:
        """Changes when anything said of a person does."""
        return text_hash("\n".join(file.model_dump_json() for _, file in self.people_files))

    @property
    def wire_hash(self) -> str:
        """Changes when anything said of a news agency does."""
        return text_hash("\n".join(file.model_dump_json() for _, file in self.wire_files))


def packaged_configs() -> Path:
    """The folder of settings that copydesk brings along, in a wheel or in a checkout."""
    inside = Path(__file__).parent / "configs"
    return inside if inside.is_dir() else Path(__file__).parents[1] / "configs"


def load(path: Path | None = None, sets: Sequence[str] = ()) -> Config:
    """The checked configuration from `path`, else `./configs/default.toml`, else the packaged one.

    Raises ConfigError for a file that is missing or no TOML, an unknown key, a value out of range, a rule whose
    own example fails, or people or agencies that contradict each other.
    """
    chosen = path or (LOCAL_DEFAULT if LOCAL_DEFAULT.is_file() else packaged_configs() / "default.toml")
    values = _read_toml(chosen)
    _validated(Settings, values, str(chosen))
    for assignment in sets:
        _assign(values, assignment)
    settings = _validated(Settings, values, "--set")
    files = _named_files(settings.names.people, chosen, "names.people") if settings.names.enabled else ()
    people_files = [(str(file), _validated(PeopleFile, _read_toml(file), str(file))) for file in files]
    files = _named_files(settings.dedup.wire, chosen, "dedup.wire")
    wire_files = [(str(file), _validated(WireFile, _read_toml(file), str(file))) for file in files]
    return Config(
        settings=settings,
        path=chosen,
        outlet_rules=_outlet_rules(settings.clean, chosen),
        people=people_table(people_files, settings.names.style),
        people_files=people_files,
        wire_rules=wire_rules(wire_files),
        wire_files=wire_files,
    )


def _outlet_rules(settings: CleanSettings, config_path: Path) -> dict[str, OutletRules]:
    """The rules by outlet; one's own take the place of those that copydesk brings along."""
    rules: dict[str, OutletRules] = {}
    files: dict[str, Path] = {}
    for file in _named_files(settings.outlets, config_path, "clean.outlets"):
        outlet_rules = _validated(OutletRules, _read_toml(file), str(file))
        outlet = outlet_rules.outlet
        if outlet in files and _is_packaged(files[outlet]) == _is_packaged(file):
            raise ConfigError(f"{file}: outlet '{outlet}' has rules in {files[outlet]} already")
        if outlet not in files or _is_packaged(files[outlet]):
            rules[outlet], files[outlet] = outlet_rules, file
    return rules


def _is_packaged(file: Path) -> bool:
    return file.resolve().is_relative_to(packaged_configs().resolve())


def _named_files(patterns: Sequence[str], config_path: Path, setting: str) -> Iterator[Path]:
    seen: set[Path] = set()
    for pattern in patterns:
        if not pattern.removeprefix(PACKAGED) or Path(pattern.removeprefix(PACKAGED)).is_absolute():
            raise ConfigError(f"{config_path} {setting}: '{pattern}' is no pattern relative to the configuration file")
        root = packaged_configs() if pattern.startswith(PACKAGED) else beside(config_path)
        files = sorted(root.glob(pattern.removeprefix(PACKAGED)))
        if not files and pattern not in USUAL:
            raise ConfigError(
                f"{config_path} {setting}: no file matches '{pattern}' in {root}; "
                f"write '{PACKAGED}{pattern.removeprefix(PACKAGED)}' for the files copydesk brings along, or []"
            )
        for file in files:
            if file.resolve() not in seen:
                seen.add(file.resolve())
                yield file


def beside(config_path: Path) -> Path:
    """Where patterns of a configuration file start; for the packaged one, in ./configs where there is one."""
    is_packaged = config_path.resolve().parent == packaged_configs().resolve()
    return LOCAL_DEFAULT.parent if is_packaged and LOCAL_DEFAULT.parent.is_dir() else config_path.parent


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None


def _assign(values: dict[str, Any], assignment: str) -> None:
    name, equals, text = assignment.partition("=")
    section, dot, key = name.strip().partition(".")
    if not (equals and dot and key):
        raise ConfigError(f"--set {assignment}: write it as section.key=value")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()  # a bare word: --set names.style=ap
    values.setdefault(section, {})
    if not isinstance(values[section], dict):
        raise ConfigError(f"--set {assignment}: '{section}' is no section")
    table, dot, inner = key.partition(".")
    if dot:  # --set spark.conf.spark.executor.memory=4g
        values[section][table] = {**values[section].get(table, {}), inner: value}
    else:
        values[section][key] = value


def _validated(model: type[Model], values: dict[str, Any], where: str) -> Model:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise ConfigError("\n".join(_complaint(model, problem, where) for problem in error.errors())) from None


def _complaint(model: type[BaseModel], problem: Any, where: str) -> str:
    path = [str(part) for part in problem["loc"]]
    section = f" [{'.'.join(path[:-1])}]" if path[:-1] else ""
    if problem["type"] != "extra_forbidden":
        message = problem["msg"].removeprefix("Value error, ").replace("a valid tuple", "a list")
        return f"{where}{section}: " + (f"'{path[-1]}': {message}" if path else message)
    kind = "setting" if path[:-1] else "section"
    known = _field_names(model, path[:-1])
    close = get_close_matches(path[-1], known, n=1)
    hint = f"did you mean '{close[0]}'?" if close else f"known here: {', '.join(known)}"
    return f"{where}{section}: unknown {kind} '{path[-1]}'; {hint}"


def _field_names(model: type[BaseModel], path: Sequence[str]) -> list[str]:
    for part in path:
        if part.isdigit():
            continue
        field = model.model_fields.get(part)
        inner = [] if field is None else _models_in(field.annotation)
        if not inner:
            return []
        model = inner[0]
    return list(model.model_fields)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for argument in getattr(annotation, "__args__", ()) for found in _models_in(argument)]
