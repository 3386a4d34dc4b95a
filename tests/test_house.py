"""The rules of the house (house.md), as tests: where things live, how they are written, how large they grow."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from statistics import median, quantiles

import pytest

from consortium import lifecycle
from consortium.errors import MEANINGS, Code
from consortium.models import Event
from consortium.roles import PERMISSIONS, SCOPES, Role, every_permission
from referrals import actions as referral_actions
from telemedicine import actions as pathology_actions

ACTIONS = {"referrals": referral_actions, "telemedicine": pathology_actions}
ROOT = Path(__file__).resolve().parent.parent
# The layers, the lowest first; imports go to the left only.
ROOMS = ["consortium", "referrals", "telemedicine", "schema"]
LAUNCHER = ["launcher", "release", "bench", "web", "manage.py", "refnet"]
NAMES_OF_NOTHING = {"utils.py", "helpers.py", "common.py", "misc.py", "signals.py", "repositories.py", "services.py"}
# Imports inside a function, each with its reason.
INNER_IMPORTS = {"web/build.py": "fcntl, which Windows lacks"}
# Functions without type hints, each with its reason.
UNTYPED = {"refnet": "its first lines must be readable by the Python that is too old to run them"}
# Conditions on a role outside the table, each with its reason.
ROLE_CONDITIONS = {
    "referrals/demo/cast.py": "chooses the people of a made-up story, decides nobody's rights",
    "consortium/demo_rosters.py": "chooses who is on the roster of a made-up network, decides nobody's rights",
    "referrals/demo/emergency.py": "chooses the people of a made-up story, decides nobody's rights",
    "referrals/demo/story.py": "chooses the people of a made-up story, decides nobody's rights",
}
# Permissions that nothing asks for yet, each with its reason.
NOT_ASKED_FOR: dict[str, str] = {}
# `except Exception`: only where a bug is turned into a masked answer.
CATCH_ALL: dict[str, str] = {
    "schema/views/endpoint.py": "a bug is answered with a request id and nothing else",
}
# Files whose ignores need no word of their own, each with the reason for all of them.
SET_ASIDE = {
    "tests/drills/tamper.py": "S608: the names of tables and columns are constants of the drill",
    "tests/test_sealed.py": "S608: the name of the column is one of the test's own parameters",
}
GUARDIAN = {"consortium/access.py", "consortium/models/people.py"}
ENVIRONMENT = {
    "consortium/settings.py": "configuration",
    "consortium/asgi.py": "names the settings",
    "consortium/wsgi.py": "names the settings",
    "consortium/serve.py": "names the settings",
    "consortium/database/embedded.py": "the settings ask it for the database",
    "consortium/database/cluster.py": "finds the server's programs in PATH",
}
LONGEST_FILE, LARGE_FILE, LARGE_FUNCTION, MEDIAN_FUNCTION = 400, 350, 40, 8


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the rooms by its path, without migrations."""
    return {
        str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8"))
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
        if "migrations" not in path.parts
    }


@cache
def everything() -> dict[str, ast.Module]:
    """The rooms, and what starts them."""
    outside = [ROOT / name for name in LAUNCHER if (ROOT / name).suffix == ".py" or (ROOT / name).is_file()]
    outside += [path for name in LAUNCHER if (ROOT / name).is_dir() for path in sorted((ROOT / name).glob("*.py"))]
    return modules() | {str(p.relative_to(ROOT)): ast.parse(p.read_text(encoding="utf-8")) for p in outside}


def walk(
    kinds: type[ast.AST] | tuple[type[ast.AST], ...], among: dict[str, ast.Module]
) -> Iterator[tuple[str, ast.AST]]:
    """Every node of these kinds with the path of its module."""
    for path, tree in among.items():
        for node in ast.walk(tree):
            if isinstance(node, kinds):
                yield path, node


def at(path: str, node: ast.AST) -> str:
    """Where something stands."""
    return f"{path}:{node.lineno}"  # type: ignore[attr-defined]


def functions(among: dict[str, ast.Module]) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every function and method."""
    return walk((ast.FunctionDef, ast.AsyncFunctionDef), among)  # type: ignore[return-value]


def public(among: dict[str, ast.Module]) -> Iterator[tuple[str, ast.FunctionDef]]:
    """The functions of a module and the methods of its classes that do not hide behind an underscore."""
    for path, tree in among.items():
        for node in tree.body:
            inside = node.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_") else [node]
            for inner in inside:
                if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef) and not inner.name.startswith("_"):
                    yield path, inner  # type: ignore[misc]


def imported(node: ast.AST) -> list[str]:
    """The modules that an import statement names."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


def test_no_file_is_named_after_nothing():
    assert [path for path in everything() if Path(path).name in NAMES_OF_NOTHING] == []


def test_a_rule_that_is_set_aside_in_a_line_says_why():
    files = [*ROOT.glob("*/**/*.py"), *ROOT.glob("*.py")]
    ours = [path for path in files if not {".venv", "node_modules", "migrations"} & set(path.parts)]
    silent = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in ours
        if str(path.relative_to(ROOT)) not in SET_ASIDE
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"# noqa(?!: E402$)(: [A-Z0-9, ]*)?$", line)  # E402, the order of imports, hides no danger
    ]
    assert silent == []


def test_every_module_says_what_it_is():
    silent = [path for path, tree in everything().items() if tree.body and not ast.get_docstring(tree)]
    assert silent == []


def test_every_public_function_says_what_it_promises():
    assert [at(path, node) for path, node in public(everything()) if not ast.get_docstring(node)] == []


def test_every_public_class_says_what_it_is():
    silent = [
        at(path, node)
        for path, node in walk(ast.ClassDef, modules())
        if not node.name.startswith("_") and node.name not in ("Meta", "Arguments") and not ast.get_docstring(node)
    ]
    assert silent == []


def test_public_signatures_are_typed():
    untyped = [
        f"{at(path, node)} {node.name}"
        for path, node in public(everything())
        if path not in UNTYPED and not is_typed(node)
    ]
    assert untyped == []


def is_typed(node: ast.FunctionDef) -> bool:
    """Whether the result and every argument but the first of a method has a type."""
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return node.returns is not None and all(a.annotation or a.arg in ("self", "cls") for a in arguments)


def test_imports_stand_at_the_top():
    inner = {
        at(path, node)
        for path, function in functions(everything())
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom) and path not in INNER_IMPORTS
    }
    assert inner == set()


def test_imports_go_down_only():
    upward = [
        f"{at(path, node)} {name}"
        for path, node in walk((ast.Import, ast.ImportFrom), modules())
        for name in imported(node)
        if name.split(".")[0] in ROOMS and ROOMS.index(name.split(".")[0]) > ROOMS.index(path.split("/")[0])
    ]
    assert upward == []


def test_no_room_imports_the_tests_the_launcher_or_the_front():
    outside = {"tests", "launcher", "web", "bench"}
    found = [
        f"{at(path, node)} {name}"
        for path, node in walk((ast.Import, ast.ImportFrom), modules())
        for name in imported(node)
        if name.split(".")[0] in outside
    ]
    assert found == []


def test_nothing_unforeseen_is_swallowed():
    """What is caught whole is raised again, except where a bug becomes a masked answer."""
    swallowing = {
        at(path, node)
        for path, node in walk(ast.ExceptHandler, everything())
        if (node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"))
        and path not in CATCH_ALL
        and ast.unparse(node.body[-1]) != "raise"
    }
    assert swallowing == set()


def test_the_exceptions_to_the_rules_are_still_needed():
    assert {*CATCH_ALL, *INNER_IMPORTS, *UNTYPED, *ROLE_CONDITIONS, *ENVIRONMENT, *GUARDIAN} <= set(everything())
    assert set(NOT_ASKED_FOR) <= every_permission()


def test_only_lifecycle_assigns_status():
    """To an attribute, or by an update in the database; the status of a member is no state of a case."""
    assigned = {
        path
        for path, node in walk((ast.Assign, ast.AnnAssign, ast.AugAssign), modules())
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        for part in ast.walk(target)
        if isinstance(part, ast.Attribute) and part.attr == "status"
    }
    updated = {
        at(path, node)
        for path, node in walk(ast.Call, modules())
        if path.startswith(("referrals/", "telemedicine/"))
        and isinstance(node.func, ast.Attribute) and node.func.attr == "update"
        and any(keyword.arg == "status" for keyword in node.keywords)
    }  # fmt: skip
    assert {path for path in assigned if not path.startswith("consortium/member")} == {"consortium/lifecycle.py"}
    assert updated == set()


def test_only_access_talks_to_guardian():
    talking = {
        path
        for path, node in walk((ast.Import, ast.ImportFrom), modules())
        if any(name.split(".")[0] == "guardian" for name in imported(node))
    }
    assert talking <= GUARDIAN


def test_only_the_settings_read_the_environment():
    reading = {
        path
        for path, node in walk(ast.Attribute, modules())
        if ast.unparse(node) in ("os.environ", "os.getenv", "os.environb")
    }
    assert reading == set(ENVIRONMENT)


def test_what_time_it_is_is_asked_in_one_place():
    asking = {
        path
        for path, node in walk(ast.Attribute, modules())
        if isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow")
        if isinstance(node.value, ast.Name) and node.value.id in ("timezone", "datetime")
    }
    assert asking == {"consortium/moment.py"}


def test_no_role_is_named_in_a_condition_outside_the_table():
    conditions = {
        at(path, node)
        for path, node in walk((ast.Compare, ast.If, ast.IfExp, ast.Match), modules())
        if path != "consortium/roles.py" and path not in ROLE_CONDITIONS
        for part in ast.walk(getattr(node, "test", getattr(node, "subject", node)))
        if isinstance(part, ast.Attribute) and ast.unparse(part.value) == "Role" and part.attr in Role.__members__
    }
    assert conditions == set()


def test_nothing_is_left_to_do():
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    found = [
        f"{path}:{number}"
        for path in everything()
        for number, line in enumerate((ROOT / path).read_text(encoding="utf-8").splitlines(), start=1)
        if marks.search(line)
    ]
    assert found == []


def steps() -> dict[str, lifecycle.Step]:
    """Every step of every kind of case."""
    return {name: step for by_name in lifecycle.STEPS.values() for name, step in by_name.items()}


def test_a_step_is_named_verb_noun_and_equal_everywhere():
    for name, step in steps().items():
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", name)
        actions = ACTIONS[step.apply.__module__.split(".")[0]]
        assert getattr(actions, name).step is step
        assert name in actions.__all__
        assert len(name) <= Event._meta.get_field("kind").max_length
        # What only the clock does needs no permission.
        assert (name in every_permission()) == bool(step.sides)
        assert ast.get_docstring(ast.parse(f"def f():\n    {step.apply.__doc__!r}").body[0])


def test_every_permission_is_used():
    """By a step, or by name in the code that asks for it."""
    text = "\n".join((ROOT / path).read_text(encoding="utf-8") for path in modules() if path != "consortium/roles.py")
    unused = {name for name in every_permission() if name not in steps() and f'"{name}"' not in text}
    assert unused == set(NOT_ASKED_FOR)


def test_roles_and_codes_are_complete():
    assert set(PERMISSIONS) == set(Role)
    assert set(MEANINGS) == set(Code)
    assert set(SCOPES) == {"read", "write", "documents"}


def lengths(among: dict[str, ast.Module]) -> tuple[list[int], dict[str, int]]:
    """The lines of each module, and of each function without decorators and docstring."""
    files = [len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in among]
    bodies = {}
    for path, node in functions(among):
        start = node.body[1].lineno if ast.get_docstring(node) and len(node.body) > 1 else node.body[0].lineno
        bodies[f"{at(path, node)} {node.name}"] = (node.end_lineno or start) - start + 1
    return files, bodies


def test_files_and_functions_stay_small():
    files, bodies = lengths(modules())
    sizes = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in everything()}
    assert {path: size for path, size in sizes.items() if size > LONGEST_FILE} == {}
    assert quantiles(files, n=20)[-1] <= LARGE_FILE
    assert quantiles(bodies.values(), n=20)[-1] <= LARGE_FUNCTION
    assert median(bodies.values()) <= MEDIAN_FUNCTION


@pytest.mark.parametrize("path", sorted(str(p.relative_to(ROOT)) for p in (ROOT / "tests").glob("*.py")))
def test_every_test_module_says_what_it_proves(path):
    assert ast.get_docstring(ast.parse((ROOT / path).read_text(encoding="utf-8")))
