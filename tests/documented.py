"""What pages and docstrings tell a reader to type: commands, options, files and Python."""

import ast
import re
import shlex
from dataclasses import dataclass
from functools import cache

from conftest import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "weights" / "README.md"]
CODE = [p for f in ("keras_attn", "experiments", "tools") for p in sorted((ROOT / f).rglob("*.py"))]
SHELL = ("sh", "bash", "shell", "console")
SCRIPT = r"(?:experiments|tools)/\w+\.py"
PROGRAM = rf"(?:\S*/)?(?:keras-attn|python[\d.]*|make|pytest|pip|ray|tensorboard)|{SCRIPT}"
"""A word that begins a command."""
VARIABLES = r"(?:[A-Z_]+=\S+ )*"
DOTS = ("...", "…")
FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.M | re.S)
MEASURED = re.compile(r"<!-- measured by: (.*) -->")
INLINE = re.compile(r"(?<!`)`([^`]+)`(?!`)")


@dataclass(frozen=True)
class Command:
    """A command as it is written. mention: in a sentence, where arguments may be left out."""

    where: str
    line: str
    mention: bool = False

    @property
    def words(self):
        """Its words, without variables before it, a comment and dots that stand for more."""
        words = shlex.split(re.sub(rf"^{VARIABLES}", "", self.line), comments=True)
        return [word for word in words if word not in DOTS]

    @property
    def shortened(self):
        """Whether it leaves arguments out."""
        return self.mention or any(word in DOTS for word in self.line.split())

    def __str__(self):
        return f"{self.where}: {self.line}"


def texts():
    """Text that a reader sees, by where it stands."""
    yield from pages()
    for path, nodes in parsed().items():
        for node in nodes:
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
                yield str(path.relative_to(ROOT)), ast.get_docstring(node) or ""
    comments = re.findall(r"^# ?(.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    yield "Makefile", "\n".join(f"    {line}" for line in comments)


def pages():
    """Text of the pages alone, by where it stands."""
    for path in PAGES:
        yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


@cache
def parsed():
    """What the syntax trees of all files consist of."""
    return {path: list(ast.walk(ast.parse(path.read_text("utf-8")))) for path in CODE}


def fenced(text, *languages):
    """The code in fences of these languages; "" is none."""
    return [code for language, code in FENCED.findall(text) if language in languages]


def inline(text):
    """Code in sentences, on one line each."""
    return [" ".join(code.split()) for code in INLINE.findall(FENCED.sub("", text))]


def logical_lines(code):
    """Lines with those that a backslash continues; what stands apart after two spaces is left."""
    for line in re.sub(r"\s*\\\n\s*", " ", code).splitlines():
        # A blank line's worth of spaces parts a command from what is said of it.
        yield re.split(r"(?<=\S) {2,}", line.strip())[0]


def is_command(line):
    """Whether a line or a span of code begins with a program."""
    return re.match(rf"{VARIABLES}(?:{PROGRAM})(?=\s|$)", line) is not None


def commands():
    """Every command of every text."""
    found = {}
    for where, text in texts():
        for line in written(text):
            found[where, line] = Command(where, line)
        for span in filter(is_command, inline(text)):
            if len(span.split()) > 1:  # a program's name alone says nothing of how it is called
                found.setdefault((where, span), Command(where, span, mention=True))
    return list(found.values())


def written(text):
    """Commands that stand on lines of their own. Every line of a shell's block is taken for one."""
    shell = [line for code in fenced(text, *SHELL) for line in logical_lines(code)]
    others = [line for code in fenced(text, "") for line in logical_lines(code)]
    indented = "\n".join(re.findall(r"^ {4}.*$", FENCED.sub("", text), re.M))
    others += logical_lines(indented)
    others += MEASURED.findall(text)
    for code in fenced(text, "python"):
        others += re.findall(r"# (?:then: )?(.*)$", code, re.M)
    shell, others = ([line.removeprefix("$ ") for line in every] for every in (shell, others))
    lines = [line for line in shell if line and not line.startswith("#")]
    lines += filter(is_command, others)
    return [part for line in lines for part in re.split(r" && | \| |; ", line)]


def spans_of_options():
    """What pages name without a command, by where: ("README.md", "--screen 1920 1080")."""
    every = {(where, span) for where, text in pages() for span in inline(text)}
    return sorted((where, span) for where, span in every if re.match(r"--[a-z]", span))


def spans_of_verbs(verbs):
    """Spans that begin with a verb and leave its program out, such as `train paper --help`."""
    every = {(where, span) for where, text in pages() for span in inline(text)}
    found = ((where, span) for where, span in every if span.split()[0] in verbs and " --" in span)
    return sorted(found)


def files():
    """Paths into the repository that texts name, by where."""
    folder = r"(?:docs|experiments|keras_attn|tests|tools|\.ci)"
    path = re.compile(rf"(?<![\w/.]){folder}/[\w./-]*\w")
    return sorted({(where, found) for where, text in texts() for found in path.findall(text)})


def strings():
    """Every string of the package and the experiments, by where."""
    for path, nodes in parsed().items():
        if path.parts[len(ROOT.parts)] != "tools":
            for node in nodes:
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", node.value


def links():
    """Links of the pages to other pages and to headings, by where."""
    found = (
        (where, url) for where, text in pages() for url in re.findall(r"\]\(([^)\s]+)\)", text)
    )
    return sorted({(where, url) for where, url in found if not re.match(r"https?:", url)})


def anchors(text):
    """The headings of a page, as links name them."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", text), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def tables():
    """Tables of the pages by where: the line before each, and its rows."""
    for where, text in pages():
        for before, table in re.findall(r"^(.*)\n((?:\|.*\n)+)", text, re.M):
            yield where, before, table.splitlines()[2:]


def python_blocks():
    """Python of the pages, by page: a list of code."""
    found = {where: fenced(text, "python", "py") for where, text in pages()}
    return {name: blocks for name, blocks in found.items() if blocks}
