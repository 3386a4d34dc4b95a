"""What the build of the front says of operations: types and hashes when they fit the schema, the place when not."""

import hashlib
import importlib.util
import json
import shutil
import subprocess
from pathlib import Path
from types import ModuleType

import pytest
from django.conf import settings

WEB = settings.BASE_DIR / "web"
GOOD = """
query Mine($unread: Boolean, $first: Int = 5) {
  notices(unread: $unread, first: $first) { nodes { ...Row } }
}
fragment Row on Notice { id readAt }
"""
STEP = "mutation Read($input: ReadNoticeInput!) { readNotice(input: $input) { notice { id } errors { code %s } } }"


def build_module() -> ModuleType:
    """web/build.py, which is no package."""
    spec = importlib.util.spec_from_file_location("web_build", WEB / "build.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def compile_front(tmp_path):
    """A front of one file of operations, held against the schema: (exit code, what was said, its folder)."""
    found = build_module().node_in_environment()
    if not found or not (WEB / "node_modules" / "graphql").is_dir():
        pytest.skip("SKIPPED FOR LACK OF Node.js and its packages (python web/build.py): operations were NOT compiled")
    (tmp_path / "schema").mkdir()
    shutil.copy(settings.BASE_DIR / "schema" / "schema.graphql", tmp_path / "schema")
    folder = tmp_path / "web"
    (folder / "src").mkdir(parents=True)
    shutil.copy(WEB / "operations.mjs", folder)
    (folder / "node_modules").symlink_to(WEB / "node_modules")

    def run(text: str) -> tuple[int, str, Path]:
        (folder / "src" / "one.graphql").write_text(text, encoding="utf-8")
        command = [found[0], str(folder / "operations.mjs")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout + done.stderr, folder

    return run


def test_an_operation_gets_its_hash_and_its_types(compile_front):
    code, said, folder = compile_front(GOOD)
    assert (code, said) == (0, "1 operations, 1 fragments\n")
    documents = json.loads((folder / ".documents.json").read_text(encoding="utf-8"))
    [(id, text)] = documents.items()
    assert id == f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    assert text.startswith("query Mine(")
    assert "fragment Row on Notice" in text
    made = " ".join((folder / "src" / "operations.ts").read_text(encoding="utf-8").split())
    given = "unread?: boolean | null | undefined; first?: number | null | undefined;"
    assert f"export interface MineVariables {{ {given} }}" in made
    assert "export interface MineData { notices: { nodes: Array<{ id: string; readAt: string | null; }>; }; }" in made
    assert f'id: "{id}", name: "Mine", kind: "query",' in made
    assert "export interface RowFragment { id: string; readAt: string | null; }" in made


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("query Q {\n  me { age }\n}", 'src/one.graphql:2: Cannot query field "age" on type "Me".'),
        ("query Q {", "src/one.graphql:1: Syntax Error"),
        ("{ me { username } }", "an operation needs a name of its own"),
        ("query A { me { username } } query A { me { username } }", "an operation needs a name of its own"),
        ("fragment F on Notice { nothing }", 'Cannot query field "nothing"'),
        (STEP % "message", "Read must choose errors { ...Refusal }"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_writes_nothing(compile_front, text, complaint):
    code, said, folder = compile_front(text)
    assert code == 1
    assert complaint in said
    assert not (folder / ".documents.json").exists()


def test_a_mutation_that_can_be_refused_in_words_passes(compile_front):
    assert compile_front(STEP % "field message")[0] == 0
