"""Breaks each guard of the database in a scratch copy, and sees every one of its cases go red."""

from collections.abc import AsyncIterator, Sequence

import asyncpg
import msgspec

from belsimple.attack.corpus import Case, load_corpus
from belsimple.attack.database_cases import run_case
from belsimple.attack.ground import Ground
from belsimple.attack.manner import CARELESS
from belsimple.attack.mutations import Mutations
from belsimple.attack.scratch import Scratch, database_of


class Mutated(msgspec.Struct, frozen=True):
    """One case under its guard's mutation: it should not have held."""

    guard: str
    case: str
    number: int
    red: bool
    seen: str


async def mutate_database(scratch: Scratch, owned: Ground, managed: Ground) -> AsyncIterator[Mutated]:
    """Every guard of the corpus, one after another."""
    mutations, corpus = Mutations(), load_corpus()
    for guard in sorted({case.guard for case in corpus}):
        for template in (owned, managed):
            cases = [case for case in corpus if case.guard == guard and _belongs(case, template)]
            if cases:
                for mutated in await _broken(scratch, template, mutations, guard, cases):
                    yield mutated


def _belongs(case: Case, template: Ground) -> bool:
    # What both profiles have is broken once, in the owned one.
    return case.profile == template.profile or (case.profile == "" and template.profile == "owned")


async def _broken(
    scratch: Scratch, template: Ground, mutations: Mutations, guard: str, cases: Sequence[Case]
) -> list[Mutated]:
    async with scratch.copy_of(template) as ground:
        if guard in CARELESS:
            ground = msgspec.structs.replace(ground, manner=CARELESS[guard])
            return [await _tried(ground, case) for case in cases]
        database = database_of(ground.admin_url)
        async with scratch.superuser(database) as superuser:
            try:
                try:
                    await mutations.apply(superuser, guard, ground.names)
                except (KeyError, asyncpg.PostgresError) as error:
                    return [Mutated(guard, case.name, case.number, False, f"not broken: {error}") for case in cases]
                return [await _tried(ground, case) for case in cases]
            finally:
                await mutations.undo(superuser, guard, ground.names)


async def _tried(ground: Ground, case: Case) -> Mutated:
    outcome = await run_case(ground, case)
    return Mutated(case.guard, case.name, case.number, not outcome.held, outcome.seen)
