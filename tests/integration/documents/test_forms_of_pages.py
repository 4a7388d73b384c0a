"""What the pages' forms refuse: to whom, and alike for what is another tenant's and what is not there."""

from pathlib import Path
from uuid import uuid4

import pytest

from belsimple.web.endpoint import Endpoint
from belsimple_dossiers import document_pages, form_pages
from tests.support.api import Api, Response
from tests.support.databases import ONE_PROFILE
from tests.support.world import World

from .conftest import Send, Upload, blobs

pytestmark = ONE_PROFILE
ONE_FILE = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhello\r\n'
VERSION = b'--x\r\nContent-Disposition: form-data; name="version"\r\n\r\n1\r\n'
POSTS = tuple(one for one in (*form_pages.ENDPOINTS, *document_pages.ENDPOINTS) if not one.reads)
OF_SOMETHING = tuple(one for one in POSTS if "{id}" in one.path)


async def submit(api: Api, session: bytes, form: Endpoint, of: str) -> Response:
    """The form as its page sends it when it is filled in well."""
    path = form.path.replace("{id}", of)
    fields = form.signature.body.__struct_fields__ if form.signature.body else ()
    if form.signature.uploads:
        body = ONE_FILE + (VERSION if "version" in fields else b"") + b"--x--\r\n"
        return await api(
            session, "POST", path, headers={"content-type": "multipart/form-data; boundary=x"}, pieces=[body]
        )
    values = {"title": "Other", "version": "2" if path.endswith("/reopening") else "1"}  # closing was a change
    body = "&".join(f"{name}={value}" for name, value in values.items() if name in fields).encode()
    return await api(
        session, "POST", path, headers={"content-type": "application/x-www-form-urlencoded"}, pieces=[body]
    )


@pytest.fixture
def subject(dossier: str, upload: Upload):
    """What a form's address names: a dossier, or a document in it."""

    async def of(form: Endpoint) -> str:
        return (await upload()).json["id"] if form.path.startswith("/documents/") else dossier

    return of


@pytest.mark.parametrize("form", POSTS, ids=lambda form: form.path)
async def test_a_writer_may_use_it_and_an_auditor_may_not(
    api: Api, world: World, session: bytes, subject, form: Endpoint, tmp_path: Path, send: Send
) -> None:
    of = await subject(form)
    if form.path.endswith("/reopening"):
        await send("POST", f"/api/v1/dossiers/{of}/closure")
    before = blobs(tmp_path)
    auditor = await world.session(await world.account("auditor"))
    assert (await submit(api, auditor, form, of)).status == 403
    assert blobs(tmp_path) == before
    stranger = await world.session((await world.another_tenant())[1])
    if form in OF_SOMETHING:
        theirs, missing = [await submit(api, stranger, form, one) for one in (of, str(uuid4()))]
        assert (theirs.status, theirs.body) == (missing.status, missing.body) == (404, missing.body)
        assert blobs(tmp_path) == before
    accepted = await submit(api, session, form, of)
    assert (accepted.status, "done=" in accepted.headers["location"]) == (303, True)
