"""Breaking a guard turns its cases red. All guards are broken by `belsimple attack --mutate`; here, one of each kind."""

import subprocess
import sys
import tempfile
from pathlib import Path

import asyncpg
import pytest

from belsimple.attack.cases import api_cases
from belsimple.attack.corpus import load_corpus
from belsimple.attack.ground import Ground
from belsimple.attack.manner import CARELESS
from belsimple.attack.mutate import NOTHING, Mutator
from belsimple.attack.mutating import all_mutants
from belsimple.attack.mutations import Mutations
from belsimple.attack.scratch import Scratch
from tests.support.clusters import running_cluster
from tests.support.databases import connected

_APPLY_EACH = """
import os, traceback
from uuid import UUID
from belsimple.attack.mutating import all_mutants
from belsimple.server import assembly

def applied(change):
    child = os.fork()
    if child == 0:
        try:
            change(str(UUID(int=0)))
            for part in ("web", "operator"):
                assembly.console_pages(part, assembly.all_endpoints())
            os._exit(0)
        except BaseException:
            traceback.print_exc(limit=-3)
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0

mutants = all_mutants()
lost = [guard for guard, change in sorted(mutants.items()) if not applied(change)]
print(*lost, f"{len(mutants)} mutants")
raise SystemExit(bool(lost))
"""
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
    assert watched == Mutations().guards() | CARELESS.keys() | all_mutants().keys()


def test_every_mutant_finds_what_it_breaks_and_still_serves() -> None:
    """In a process for each, as the attack has it, but forked from one that has imported the service already: quicker, and enough for this."""
    done = subprocess.run([sys.executable, "-c", _APPLY_EACH], capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout) == (0, f"{len(all_mutants())} mutants\n"), done.stderr + done.stdout


async def test_every_mutation_finds_what_it_breaks(ground: Ground) -> None:
    if ground.profile != "owned":
        pytest.skip("mutations are a superuser's")
    mutations, lost = Mutations(), dict[str, str]()
    async with connected(ground.admin_url) as superuser:
        for guard in sorted(mutations.guards()):
            await superuser.execute("begin")
            try:
                await mutations.apply(superuser, guard, ground.names)
            except asyncpg.PostgresError as error:
                lost[guard] = str(error)
            await superuser.execute("rollback")
    assert lost == {}


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
