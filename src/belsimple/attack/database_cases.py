"""Runs the corpus against a database: each case on backends of its own, and every change of it undone."""

import re
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from belsimple.attack.backend import Backend, Seen, substitute
from belsimple.attack.corpus import Case, Step
from belsimple.attack.ground import Ground
from belsimple.attack.outcome import Outcome

_SQLSTATE: Final = re.compile(r"^[0-9A-Z]{5}$")
_UNMET: Final = Seen("a statement before the attack failed")


async def run_corpus(ground: Ground, cases: Iterable[Case]) -> AsyncIterator[Outcome]:
    """Run those of `cases` that this database's profile has."""
    for case in cases:
        if case.profile in ("", ground.profile):
            yield await run_case(ground, case)


async def run_case(ground: Ground, case: Case) -> Outcome:
    """Run one case; the last statement, or the first that fails, decides."""
    async with _Scene.opened(ground, case) as scene:
        try:
            seen = await scene.play(case.steps)
            expected = substitute(case.expect, scene.names)
        finally:
            await scene.tidy(case.afterwards)
    return Outcome(case.number, case.name, case.guard, met(case.expect, expected, seen), expected, str(seen))


def met(expect: str, expected: str, seen: Seen) -> bool:
    """Whether `seen` is what the case expects; `expected` is the same with its names put in."""
    if expect.startswith("equals "):
        return (
            seen.sqlstate is None and seen.returned == 1 and seen.value == expected.removeprefix("equals ").strip("'")
        )
    return any(_met(word, seen) for word in expect.split())


def _met(word: str, seen: Seen) -> bool:
    if _SQLSTATE.match(word):
        return seen.sqlstate == word
    if seen.sqlstate is not None:
        return False
    checks: Mapping[str, bool] = {
        "empty": seen.returned == 0,
        "zero": seen.affected == 0,
        "null": seen.returned == 1 and seen.value is None,
        "done": True,
    }
    return checks[word]


class _Scene:
    """The backends of one case, by name, and the values it keeps."""

    def __init__(self, ground: Ground, case: Case, stack: AsyncExitStack) -> None:
        self.names = dict(ground.names)
        self._ground = ground
        self._case = case
        self._stack = stack
        self._backends: dict[str, Backend] = {}

    @classmethod
    @asynccontextmanager
    async def opened(cls, ground: Ground, case: Case) -> "AsyncIterator[_Scene]":
        async with AsyncExitStack() as stack:
            yield cls(ground, case, stack)

    async def play(self, steps: Iterable[Step]) -> Seen:
        """Do `steps` until one fails; what the last one did."""
        backend, seen = await self._backend("main", self._case.context)
        for step in steps:
            if seen.sqlstate is not None:
                break
            if step.kind == "on":
                backend, seen = await self._named(step.text)
            elif step.kind == "keep":
                backend.keep_next(step.text)
            elif step.kind == "begin":
                seen = await backend.begin(writing=True)
            else:
                seen = await backend.run(step.text)
        return seen

    async def tidy(self, steps: Iterable[Step]) -> None:
        """Do `steps` one and all: what a successful attack left is undone, what a refused one did not leave is no matter."""
        for backend in self._backends.values():
            await backend.roll_back()
        backend, _ = await self._backend("main", "raw")
        for step in steps:
            if step.kind == "on":
                backend, _ = await self._named(step.text)
            else:
                await backend.run(step.text)

    async def _named(self, text: str) -> tuple[Backend, Seen]:
        name, _, context = text.partition(" ")
        return await self._backend(name, context or "none")

    async def _backend(self, name: str, context: str) -> tuple[Backend, Seen]:
        if name in self._backends:
            return self._backends[name], Seen(None)
        role = self._case.role if name in ("main", "later") else "app"
        url = self._ground.admin_url if name == "owner" else self._ground.urls[role]
        backend = self._backends[name] = await self._stack.enter_async_context(
            Backend.open(url, self.names, self._ground.manner)
        )
        if name == "owner":
            await backend.become_owner()
            return backend, Seen(None)
        return backend, await backend.enter(context)
