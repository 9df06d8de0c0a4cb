"""Change the pure code in small ways, and see whether a test notices each change.

mutmut makes and tests the mutants; this module chooses them, and compares the
survivors with those that `tests/mutants.toml` explains. It works in `.mutation/`, where
the folders of the repository are links: a run leaves nothing in the way of other tools.
"""

import argparse
import ast
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
import os
from pathlib import Path
import re
import subprocess
import sys
import tomllib

ROOT = Path(__file__).resolve().parents[1]
PACKAGE_FOLDER = "custom_components/metering_hub"
PURE = (f"{PACKAGE_FOLDER}/metering/", f"{PACKAGE_FOLDER}/history/maths/")
EXPLAINED = ROOT / "tests" / "mutants.toml"
LINKED = ("custom_components", "simulators", "tests", "setup.cfg")
KILLED = frozenset({"killed", "timeout", "segfault", "caught by type check"})
"""The statuses of mutmut that mean that the tests noticed the mutant."""

type Lines = range
type Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Change:
    """What a mutant does to a function: the lines that it removes and adds."""

    function: str
    """The module and function: `history.maths.gaps.find_gaps`."""
    was: str
    becomes: str


@dataclass(frozen=True, slots=True)
class ChangeClass:
    """Changes that nobody can notice, wherever in the code they are."""

    was: re.Pattern[str]
    becomes: str
    """What stands for the text that matches; it may name groups of the pattern."""
    reason: str

    def explains(self, change: Change) -> bool:
        """Return True if a change replaces one match, and nothing else."""
        return any(
            change.becomes
            == (
                change.was[: found.start()]
                + found.expand(self.becomes)
                + change.was[found.end() :]
            )
            for found in self.was.finditer(change.was)
        )


@dataclass(frozen=True, slots=True)
class Explained:
    """The survivors that no test can kill."""

    reasons: Mapping[Change, str]
    """The reason of each that is listed for itself."""
    classes: Sequence[ChangeClass] = ()

    def explains(self, change: Change) -> bool:
        """Return True if a change is listed, or one of a class."""
        return change in self.reasons or any(
            each.explains(change) for each in self.classes
        )


@dataclass(frozen=True, slots=True)
class Mutant:
    """A mutant, as mutmut calls it, and what came of it."""

    name: str
    status: str

    @property
    def module(self) -> str:
        """The module in the integration: `metering.names`."""
        path = re.split(r"\.xǁ|\.x_", self.name)[0]
        return path.removeprefix("custom_components.metering_hub.")

    @property
    def function(self) -> str:
        """The module and function, without mutmut's signs and number."""
        name = self.name.rpartition("__mutmut_")[0].rpartition(".")[2]
        plain = name.removeprefix("xǁ").removeprefix("x_").replace("ǁ", ".")
        return f"{self.module}.{plain}"


def changed_lines(diff: str) -> dict[str, list[Lines]]:
    """Return the new lines of each file of a diff without context."""
    changed: dict[str, list[Lines]] = {}
    file = ""
    for line in diff.splitlines():
        if line.startswith("+++ "):
            file = line.removeprefix("+++ ").removeprefix("b/")
        elif found := re.match(r"@@ .*\+(\d+)(?:,(\d+))? @@", line):
            first, count = int(found[1]), int(found[2] or 1)
            # Where lines were only removed, those on both sides have new neighbours.
            lines = range(first, first + count) if count else range(first, first + 2)
            changed.setdefault(file, []).append(lines)
    return changed


def functions_of(tree: ast.Module) -> Iterator[tuple[str, Function]]:
    """Yield mutmut's name of each function and method, and the function."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"x_{node.name}", node
        elif isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield f"xǁ{node.name}ǁ{method.name}", method


def patterns_of(file: str, lines: Iterable[Lines] | None = None) -> list[str]:
    """Return patterns for the mutants of a file, or of what has these lines."""
    module = file.removesuffix(".py").replace("/", ".")
    if lines is None:
        return [f"{module}.x*"]
    touched = {number for each in lines for number in each}
    return [
        f"{module}.{name}__mutmut_*"
        for name, function in functions_of(ast.parse((ROOT / file).read_text()))
        if touched.intersection(range(function.lineno, (function.end_lineno or 0) + 1))
    ]


def is_pure(file: str) -> bool:
    """Return whether this is a module that is mutated."""
    return file.endswith(".py") and file.startswith(PURE) and (ROOT / file).is_file()


def changed_patterns(ref: str, paths: Iterable[str]) -> list[str]:
    """Return patterns for the functions that changed since the branch left a commit."""
    diff = subprocess.run(  # noqa: S603  The reference is the developer's own.
        ["git", "diff", "--unified=0", "--merge-base", ref, "--", *paths],  # noqa: S607
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [
        pattern
        for file, lines in changed_lines(diff).items()
        if is_pure(file)
        for pattern in patterns_of(file, lines)
    ]


def path_patterns(paths: Iterable[str]) -> list[str]:
    """Return patterns for all mutants of these files and folders."""
    files: list[str] = []
    for path in paths:
        where = ROOT / path
        found = sorted(where.rglob("*.py")) if where.is_dir() else [where]
        files += [str(file.relative_to(ROOT)) for file in found]
    return [pattern for file in files if is_pure(file) for pattern in patterns_of(file)]


def call_mutmut(*arguments: str, shown: bool = False) -> tuple[int, str]:
    """Run mutmut in its own folder, and return its exit code and what it says."""
    start = "from mutmut.__main__ import cli; cli()"
    # Hypothesis then draws the same examples for each mutant, on a slow machine, too.
    environment = {**os.environ, "CI": "true"}
    done = subprocess.run(  # noqa: S603  It is a tool of ours.
        [sys.executable, "-c", start, *arguments],
        cwd=work_folder(),
        check=False,
        env=environment,
        stdout=None if shown else subprocess.PIPE,
        text=True,
    )
    return done.returncode, done.stdout or ""


def work_folder() -> Path:
    """Make the folder in which mutmut works, and return it."""
    folder = ROOT / ".mutation"
    folder.mkdir(exist_ok=True)
    for name in LINKED:
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(ROOT / name)
    return folder


def read_results(text: str) -> list[Mutant]:
    """Return the mutants that mutmut lists."""
    found = re.findall(r"^ +(\S+): (.+)$", text, re.MULTILINE)
    return [Mutant(name, status) for name, status in found]


def read_change(function: str, diff: str) -> Change:
    """Return the change that a diff shows, each side in one line."""
    sides: dict[str, list[str]] = {"-": [], "+": []}
    for line in diff.splitlines():
        if line[:1] in sides and not line.startswith(("---", "+++")):
            sides[line[0]].append(line[1:].strip())
    return Change(function, " ".join(sides["-"]), " ".join(sides["+"]))


def read_explained() -> Explained:
    """Return the survivors that cannot be killed."""
    entries = tomllib.loads(EXPLAINED.read_text())
    reasons = {
        Change(each["function"], each["was"], each["becomes"]): each["reason"]
        for each in entries["mutant"]
    }
    classes = [
        ChangeClass(re.compile(each["was"]), each["becomes"], each["reason"])
        for each in entries["class"]
    ]
    return Explained(reasons, classes)


def find_change(mutant: Mutant) -> Change:
    """Return what a mutant changes."""
    _code, diff = call_mutmut("show", mutant.name)
    return read_change(mutant.function, diff)


def report(
    mutants: Iterable[Mutant],
    change_of: Callable[[Mutant], Change],
    explained: Explained,
) -> bool:
    """Print the figures of each module and all survivors.

    Return whether all survivors are explained.
    """
    by_module: dict[str, list[Mutant]] = defaultdict(list)
    for mutant in mutants:
        by_module[mutant.module].append(mutant)
    unexplained = 0
    for module, here in sorted(by_module.items()):
        left = [mutant for mutant in here if mutant.status not in KILLED]
        unknown = [
            (mutant, change)
            for mutant in left
            if not explained.explains(change := change_of(mutant))
        ]
        for mutant, change in unknown:
            print(f"{mutant.status}: {mutant.name}")
            print(f"  - {change.was}\n  + {change.becomes}")
        print(
            f"{module}: {len(here)} mutants, {len(here) - len(left)} killed, "
            f"{len(left) - len(unknown)} explained, {len(unknown)} unexplained"
        )
        unexplained += len(unknown)
    print(f"{unexplained} unexplained survivors.")
    return not unexplained


def test_mutants(patterns: Sequence[str], *, everything: bool) -> int:
    """Test the mutants with these names; return 1 if one is left without a reason.

    With all of them, those that an earlier run has tested are not tested again.
    """
    failed, _shown = call_mutmut("run", *(() if everything else patterns), shown=True)
    _code, text = call_mutmut("results", "--all", "true")
    listed = read_results(text)
    mutants = [
        mutant
        for mutant in listed
        if any(fnmatchcase(mutant.name, pattern) for pattern in patterns)
    ]
    if not mutants:
        # Nothing in these functions can be mutated, which mutmut calls a failure.
        print("No mutant in what was chosen.")
        return 0 if listed else 1
    if failed:
        print("mutmut failed: see above.")
        return 1
    return 0 if report(mutants, find_change, read_explained()) else 1


def main() -> int:
    """Test the mutants that the command line chooses; return 1 if one is left."""
    parser = argparse.ArgumentParser(prog="script/test --mutation", description=__doc__)
    parser.add_argument("--changed", nargs="?", const="origin/main", metavar="REF")
    parser.add_argument("paths", nargs="*", default=PURE)
    chosen = parser.parse_args()
    if chosen.changed:
        patterns = changed_patterns(chosen.changed, chosen.paths)
    else:
        patterns = path_patterns(chosen.paths)
    if not patterns:
        print("No function to mutate.")
        return 0
    everything = not chosen.changed and chosen.paths is PURE
    return test_mutants(patterns, everything=everything)


if __name__ == "__main__":
    sys.exit(main())
