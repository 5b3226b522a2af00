"""Which module of the package imports which, and whether any leads back to itself."""

import ast

from conftest import ROOT

PACKAGE = ROOT / "keras_attn"


def import_graph():
    """By module of the package, the others that it imports anywhere, also within a function."""
    paths = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in PACKAGE.rglob("*.py")
    }
    graph = {}
    for module, path in paths.items():
        found = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path.name} imports without the name of the package"
                # Of `from a import b` the module is a.b, where there is one, and a otherwise.
                names = (f"{node.module}.{alias.name}" for alias in node.names)
                found |= {whole if whole in paths else node.module for whole in names}
        graph[module] = found & set(paths) - {module}
    return graph


def circles(graph):
    """Modules from which their imports lead back to themselves."""
    leads = {module: set(others) for module, others in graph.items()}
    for middle in graph:
        for module in graph:
            if middle in leads[module]:
                leads[module] |= leads[middle]
    return sorted(module for module in graph if module in leads[module])
