"""What the code must not do, read from the code itself."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "pipeline"
MODULES = sorted(ROOT.rglob("*.py"))
WRITERS = {"files.py"}  # the only modules that may turn a table into bytes
FORBIDDEN_IMPORTS = {"pickle", "cPickle", "dill", "shelve", "marshal", "socket", "http", "requests", "urllib3", "httpx"}
NETWORK = {"obstore", "boto3", "botocore", "aiohttp", "fsspec", "s3fs"}
TALKERS = {"objects.py"}  # the only module that may reach the network: the stores the user names
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
TABLE_WRITERS = {"write_parquet", "sink_parquet", "write_ipc", "sink_ipc", "write_csv", "sink_csv", "write_ndjson"}
TEXT_CALLS = {"open", "read_text", "write_text"}
SETS = {"set", "frozenset"}
TAKE_ORDER = {
    "list",
    "tuple",
    "enumerate",
    "join",
    "iter",
    "next",
    "zip",
}  # what comes out follows the order that went in


def broken(source, *, may_write=False, may_talk=False):
    """One sentence for each thing a module does that it must not."""
    forbidden = FORBIDDEN_IMPORTS if may_talk else FORBIDDEN_IMPORTS | NETWORK
    return [
        sentence
        for node in ast.walk(ast.parse(source))
        for sentence in _wrong(node, forbidden=forbidden, may_write=may_write)
    ]


def _wrong(node, *, forbidden, may_write):
    if isinstance(node, ast.Import | ast.ImportFrom):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        for name in names:
            if name.partition(".")[0] in forbidden or name == "urllib.request":
                yield f"line {node.lineno}: imports {name}"
    if isinstance(node, ast.For) and _is_set(node.iter):
        yield f"line {node.lineno}: goes through a set in no order"
    if isinstance(node, ast.ListComp) and _is_set(node.generators[0].iter):
        yield f"line {node.lineno}: lists a set in no order"
    if isinstance(node, ast.Call):
        yield from _wrong_call(node, may_write=may_write)


def _wrong_call(call, *, may_write):
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if isinstance(call.func, ast.Name) and name in FORBIDDEN_CALLS:
        yield f"line {call.lineno}: calls {name}"
    if "shell" in given or (name in ("system", "popen") and isinstance(call.func, ast.Attribute)):
        yield f"line {call.lineno}: starts a shell"
    if name in TABLE_WRITERS and not may_write:
        yield f"line {call.lineno}: {name} outside files.py"
    if name in TEXT_CALLS and "encoding" not in given and not _is_binary(call) and not _opens_otherwise(call):
        yield f"line {call.lineno}: {name} without encoding"
    if name in TAKE_ORDER and any(_is_set(argument) for argument in call.args):
        yield f"line {call.lineno}: {name} of a set, in no order"


def _is_set(node):
    """Whether an expression is a set on the face of it."""
    if isinstance(node, ast.Set | ast.SetComp):
        return True
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr | ast.BitAnd | ast.Sub | ast.BitXor):
        return _is_set(node.left) or _is_set(node.right)
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SETS


def _is_binary(call):
    modes = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "mode")]
    return any(isinstance(mode, ast.Constant) and isinstance(mode.value, str) and "b" in mode.value for mode in modes)


def _opens_otherwise(call):
    """`os.open`, `gzip.open` (bytes where no mode is given) and the like."""
    owner = getattr(call.func, "value", None)
    return isinstance(owner, ast.Name) and owner.id in ("os", "gzip", "webbrowser")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_keeps_to_what_is_safe(path):
    assert broken(path.read_text(encoding="utf-8"), may_write=path.name in WRITERS, may_talk=path.name in TALKERS) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from obstore.store import S3Store",
        "from urllib.request import urlopen",
        "eval('1')",
        "subprocess.run('ls', shell=True)",
        "os.system('ls')",
        "open('a')",
        "path.read_text()",
        "path.open('w')",
        "frame.write_parquet('a')",
        "frame.lazy().sink_parquet('a')",
        "for name in {'a', 'b'}: print(name)",
        "list(set(names) - {'a'})",
        "', '.join({name for name in names})",
        "[name for name in set(names)]",
    ],
)
def test_the_gate_sees_what_it_is_for(source):
    assert broken(source) != []


@pytest.mark.parametrize(
    "source", ["open('a', 'rb')", "path.read_text(encoding='utf-8')", "sorted(set(names))", "for name in names: pass"]
)
def test_the_gate_lets_pass_what_is_fine(source):
    assert broken(source) == []
