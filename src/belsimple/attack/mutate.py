"""`attack --mutate`: breaks each guard in a scratch copy and sees every one of its cases go red.

A guard is something in the database, broken by SQL; something in the program, broken by a mutant process; or the service's
own way of connecting, broken in how the corpus connects. One case may need two of them broken at once.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from functools import partial
from typing import Final

import asyncpg
import msgspec

from belsimple.attack.cases import api_cases
from belsimple.attack.corpus import Case, load_corpus
from belsimple.attack.database_cases import run_case, run_corpus
from belsimple.attack.ground import Ground
from belsimple.attack.manner import CARELESS
from belsimple.attack.mutating import all_mutants
from belsimple.attack.mutations import Mutations
from belsimple.attack.outcome import Outcome
from belsimple.attack.scratch import Scratch, database_of
from belsimple.attack.scratch_service import serving
from belsimple.attack.site import ApiCase, run_api_case
from belsimple.errors import OperatorError

_AT_ONCE: Final = 2
NOTHING: Final = "nothing"
"""The guard that breaks nothing: every case must hold before its going red means anything."""


class Mutated(msgspec.Struct, frozen=True):
    """One case under a mutation: it should have failed; or, with nothing broken, have held."""

    guard: str
    case: str
    number: int
    right: bool
    seen: str


Work = Callable[[], Awaitable[list[Mutated]]]


class Mutator:
    """The templates, the mutations and the cases they must turn red."""

    def __init__(
        self, scratch: Scratch, owned: Ground, managed: Ground, corpus: Iterable[Case], api: Iterable[ApiCase]
    ) -> None:
        self._scratch = scratch
        self._templates = (owned, managed)
        self._mutations = Mutations()
        self._corpus = tuple(corpus)
        self._api = tuple(api)

    async def run(self) -> AsyncIterator[Mutated]:
        """Everything. What changes a role, which all copies share, comes first and by itself."""
        alone = [work for guard, work in self._database_work() if self._mutations.shared(guard)]
        for work in alone:
            for mutated in await work():
                yield mutated
        slots = asyncio.Semaphore(_AT_ONCE)

        async def in_turn(work: Work) -> list[Mutated]:
            async with slots:
                return await work()

        together = [work for guard, work in self._database_work() if not self._mutations.shared(guard)]
        tasks = [asyncio.create_task(in_turn(work)) for work in (*self._api_work(), *together)]
        try:
            for task in asyncio.as_completed(tasks):
                for mutated in await task:
                    yield mutated
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _database_work(self) -> Iterator[tuple[str, Work]]:
        for template in self._templates:
            mine = [case for case in self._corpus if _belongs(case, template)]
            if mine:
                yield NOTHING, partial(self._held, template, mine)
            for guard in sorted({case.guard for case in mine}):
                cases = [case for case in mine if case.guard == guard]
                yield guard, partial(self._statements, template, cases)

    def _api_work(self) -> Iterator[Work]:
        if self._api:
            yield partial(self._requests, NOTHING, self._api)
        for guard in sorted({case.guard for case in self._api}):
            yield partial(self._requests, guard, tuple(case for case in self._api if case.guard == guard))

    async def _held(self, template: Ground, cases: Iterable[Case]) -> list[Mutated]:
        async with self._scratch.copy_of(template) as ground:
            return [_judged(NOTHING, outcome) async for outcome in run_corpus(ground, cases)]

    async def _statements(self, template: Ground, cases: list[Case]) -> list[Mutated]:
        guard = cases[0].guard
        async with self._scratch.copy_of(template) as ground:
            if guard in CARELESS:
                careless = msgspec.structs.replace(ground, manner=CARELESS[guard])
                return [_judged(guard, await run_case(careless, case)) for case in cases]
            async with self._scratch.superuser(database_of(ground.admin_url)) as superuser:
                try:
                    await self._mutations.apply(superuser, guard, ground.names)
                    return [_judged(guard, await run_case(ground, case)) for case in cases]
                except (KeyError, asyncpg.PostgresError) as error:
                    return [Mutated(guard, case.name, case.number, False, f"not broken: {error}") for case in cases]
                finally:
                    await self._mutations.undo(superuser, guard, ground.names)

    async def _requests(self, guard: str, cases: tuple[ApiCase, ...]) -> list[Mutated]:
        async with self._scratch.copy_of(self._templates[0]) as ground:
            if guard in self._mutations.guards():
                try:
                    async with self._scratch.superuser(database_of(ground.admin_url)) as superuser:
                        await self._mutations.apply(superuser, guard, ground.names)
                except asyncpg.PostgresError as error:
                    return [Mutated(guard, case.name, case.number, False, f"not broken: {error}") for case in cases]
            elif guard not in all_mutants() and guard != NOTHING:
                return [Mutated(guard, case.name, case.number, False, "nothing breaks this guard") for case in cases]
            try:
                async with serving(ground, self._scratch.service_folder(), guard) as site:
                    return [_judged(guard, await run_api_case(site, case)) for case in cases]
            except OperatorError as error:
                return [Mutated(guard, case.name, case.number, False, f"not served: {error}") for case in cases]


def _belongs(case: Case, template: Ground) -> bool:
    # What both profiles have is broken once, in the owned one.
    return case.profile == template.profile or (not case.profile and template.profile == "owned")


def _judged(guard: str, outcome: Outcome) -> Mutated:
    if guard == NOTHING:
        return Mutated(guard, outcome.name, outcome.number, outcome.held, outcome.seen)
    # A case that could not be carried out has not seen the breach: that is no red.
    red = not outcome.held and not outcome.seen.startswith("not carried out")
    return Mutated(guard, outcome.name, outcome.number, red, outcome.seen)


async def mutate() -> AsyncGenerator[Mutated, None]:
    """Every guard there is, on a scratch cluster made for it."""
    async with Scratch.running() as scratch:
        owned, managed = await scratch.template("owned"), await scratch.template("managed")
        async for mutated in Mutator(scratch, owned, managed, load_corpus(), api_cases()).run():
            yield mutated


class MutationReport(msgspec.Struct):
    """What `--mutate` found: `guards` are the cases by guard, `broken` those that were not as they should be."""

    cases: int
    held: int
    broken: list[Mutated]
    guards: dict[str, list[str]]

    @property
    def ok(self) -> bool:
        """Every case held with nothing broken, and went red with its guard broken."""
        return bool(self.guards) and not self.broken


def report_mutations(mutated: list[Mutated]) -> MutationReport:
    """Count the results of a run."""
    guards: dict[str, list[str]] = {}
    for one in mutated:
        if one.guard != NOTHING:
            guards.setdefault(one.guard, []).append(one.case)
    broken = [one for one in mutated if not one.right]
    return MutationReport(len(mutated), len(mutated) - len(broken), broken, dict(sorted(guards.items())))
