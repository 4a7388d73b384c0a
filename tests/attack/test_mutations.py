"""Breaking a guard turns its cases red. All guards are broken by `belsimple attack --mutate`; here, one of each kind."""

import tempfile
from pathlib import Path

import pytest

from belsimple.attack.cases import api_cases
from belsimple.attack.corpus import load_corpus
from belsimple.attack.ground import Ground
from belsimple.attack.manner import CARELESS
from belsimple.attack.mutants import MUTANTS
from belsimple.attack.mutate import NOTHING, Mutator
from belsimple.attack.mutations import Mutations
from belsimple.attack.scratch import Scratch
from tests.support.clusters import running_cluster
from tests.support.databases import connected

SOME = {
    "ended",
    "live_permissions",
    "members_tenant",
    "permission_check",
    "pristine",
    "read_policy",
    "reset_all",
    "stamp_mac",
    "superuser",
}


def test_something_breaks_every_guard_and_a_case_watches_it() -> None:
    watched = {case.guard for case in (*load_corpus(), *api_cases())}
    assert watched == Mutations().guards() | CARELESS.keys() | MUTANTS.keys()


async def test_every_mutation_finds_what_it_breaks(ground: Ground) -> None:
    if ground.profile != "owned":
        pytest.skip("mutations are a superuser's")
    mutations = Mutations()
    async with connected(ground.admin_url) as superuser:
        for guard in sorted(mutations.guards()):
            await superuser.execute("begin")
            await mutations.apply(superuser, guard, ground.names)
            await superuser.execute("rollback")


@pytest.mark.xdist_group("attack-mutations")
async def test_a_broken_guard_turns_its_cases_red() -> None:
    corpus = [case for case in load_corpus() if case.guard in SOME]
    api = [case for case in api_cases() if case.guard in SOME]
    with (
        running_cluster("18") as cluster,
        tempfile.TemporaryDirectory(prefix="belsimple-scratch-", dir="/tmp") as folder,
    ):
        scratch = Scratch(cluster, Path(folder))
        templates = await scratch.template("owned"), await scratch.template("managed")
        mutated = [one async for one in Mutator(scratch, *templates, corpus, api).run()]
    assert [one for one in mutated if not one.right] == []
    assert {one.guard for one in mutated} == {*SOME, NOTHING}
    assert sum(one.guard == NOTHING for one in mutated) == len(corpus) + len(api)
