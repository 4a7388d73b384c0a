"""Everything of a tenant's as a few hashes: taken before and after, they say whether an attack left a mark."""

from psycopg.sql import SQL, Identifier

from belsimple.attack.backend import Backend, literal
from belsimple.attack.ground import Ground
from belsimple.database.queries import load_queries

_q = load_queries("belsimple.attack", "ground.sql")


async def fingerprint(ground: Ground) -> dict[str, str]:
    """What tenant B's owner sees, by table."""
    async with Backend.open(ground.urls["app"], ground.names) as backend:
        await backend.enter("b_read")
        relations = await backend.column(_q.protected_tables.sql)
        marks = {relation: (await backend.run(fingerprint_of(relation))).value or "" for relation in relations}
        marks["people"] = (await backend.run(_q.people.sql)).value or ""
        marks["strangers in the trail"] = (await backend.run(_q.strangers.sql)).value or ""
        return marks


def fingerprint_of(relation: str) -> str:
    """The statement that hashes one table."""
    return SQL(literal(_q.fingerprint.sql)).format(Identifier(*relation.split("."))).as_string(None)
