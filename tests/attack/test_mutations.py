"""Breaking a guard turns its cases red. All guards are broken by `belsimple attack --mutate`; here, one of each kind."""

import tempfile
from pathlib import Path

import pytest

from belsimple.attack.cases import api_cases
from belsimple.attack.corpus import load_corpus
from belsimple.attack.manner import CARELESS
from belsimple.attack.mutants import MUTANTS
from belsimple.attack.mutate import NOTHING, Mutator
from belsimple.attack.mutations import Mutations
from belsimple.attack.scratch import Scratch
from tests.support.clusters import running_cluster

SOME = {"stamp_mac", "read_policy", "superuser", "pristine", "reset_all", "permission_check", "ended", "members_tenant"}


def test_something_breaks_every_guard_and_a_case_watches_it() -> None:
    watched = {case.guard for case in (*load_corpus(), *api_cases())}
    assert watched == Mutations().guards() | CARELESS.keys() | MUTANTS.keys()


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
