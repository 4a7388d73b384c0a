"""Finds the endpoint of a path: a dict for paths without parameters, a tree of segments for the others."""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")
Match = tuple[dict[str, T], tuple[str, ...]]


@dataclass
class _Node(Generic[T]):
    children: "dict[str, _Node[T]]" = field(default_factory=dict)
    wild: "_Node[T] | None" = None
    methods: dict[str, T] = field(default_factory=dict)


class Router(Generic[T]):
    """Maps path templates and methods to what serves them. A literal segment goes before a parameter."""

    def __init__(self) -> None:
        self._static: dict[str, dict[str, T]] = {}
        self._root: _Node[T] = _Node()

    def add(self, method: str, path: str, served: T) -> None:
        """Register; raises ValueError for a method and path that already stand."""
        methods = self._static.setdefault(path, {}) if "{" not in path else self._node(path).methods
        if method in methods:
            raise ValueError(f"{method} {path} is declared twice")
        methods[method] = served

    def find(self, path: str) -> Match[T] | None:
        """The methods of a path, and the values of its parameters; None when no template fits."""
        methods = self._static.get(path)
        if methods is not None:
            return methods, ()
        return _walk(self._root, path.split("/"), 1, ())

    def _node(self, path: str) -> _Node[T]:
        node = self._root
        for segment in path.split("/")[1:]:
            if segment.startswith("{"):
                node.wild = node.wild or _Node()
                node = node.wild
            else:
                node = node.children.setdefault(segment, _Node())
        return node


def _walk(node: _Node[T], segments: list[str], depth: int, values: tuple[str, ...]) -> Match[T] | None:
    if depth == len(segments):
        return (node.methods, values) if node.methods else None
    segment = segments[depth]
    child = node.children.get(segment)
    if child is not None:
        found = _walk(child, segments, depth + 1, values)
        if found is not None:
            return found
    if node.wild is not None and segment:
        return _walk(node.wild, segments, depth + 1, (*values, segment))
    return None
