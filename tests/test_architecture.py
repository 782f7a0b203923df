"""Imports go down only; heavy libraries stay inside the kernel that uses them."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "pipeline"
LAYERS = (  # lowest first; a module may import from lower layers, and from its own layer
    ("pipeline", "pipeline.errors", "pipeline.heap"),
    ("pipeline.schemas",),
    ("pipeline.kernels",),
    ("pipeline.files", "pipeline.objects", "pipeline.console", "pipeline.pager", "pipeline.ranges"),
    ("pipeline.engines", "pipeline.readers"),
    ("pipeline.stages",),
    ("pipeline.config", "pipeline.store"),
    ("pipeline.ledger", "pipeline.remote"),
    (
        "pipeline.intake",
        "pipeline.publish",
        "pipeline.check",
        "pipeline.explain",
        "pipeline.diff",
        "pipeline.history",
        "pipeline.people",
        "pipeline.losses",
    ),
    ("pipeline.forget", "pipeline.state"),
    ("pipeline.report",),
    ("pipeline.run",),
    ("pipeline.rebuild",),
    ("pipeline.cli",),
)
LAZY = {"trafilatura", "datasketch", "scipy"}  # each takes a good part of a second to import
MODULES = sorted(ROOT.rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def layer_of(module: str) -> int:
    fits = [(len(name), level) for level, layer in enumerate(LAYERS) for name in layer
            if module == name or (name != "pipeline" and module.startswith(f"{name}."))]  # fmt: skip
    assert fits, f"{module} has no layer"
    return max(fits)[1]


def imported(tree: ast.AST) -> list[str]:
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            known = {module_name(path) for path in MODULES}
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            names += [name if name in known else node.module for name in inner]
    return names


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_imports_go_down(path):
    name = module_name(path)
    for other in imported(ast.parse(path.read_text(encoding="utf-8"))):
        if other.partition(".")[0] == "pipeline":
            assert layer_of(other) <= layer_of(name), f"{name} imports {other}"


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_slow_libraries_are_imported_where_they_are_used(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    top = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    for node in top:
        for other in imported(node):
            assert other.partition(".")[0] not in LAZY, f"{module_name(path)} imports {other} at the top"


def test_kernels_read_no_files_and_no_clock():
    for path in MODULES:
        if module_name(path).startswith(("pipeline.kernels", "pipeline.stages")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            called = {
                node.func.id
                for node in ast.walk(tree)
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            }
            attributes = {
                node.func.attr
                for node in ast.walk(tree)
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            }
            assert "open" not in called, path
            assert not attributes & {
                "now",
                "utcnow",
                "today",
                "read_text",
                "read_bytes",
                "write_text",
                "read_parquet",
            }, path
