"""What Entra ID and Okta send, as their documents and validators have it: each request in turn, and what must come of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.directory import Directory, decoded

RECORDED = Path(__file__).parent / "recorded"


@pytest.mark.parametrize("directory_of", ["entra_id", "okta"])
async def test_a_directory_gets_what_it_expects(directory: Directory, directory_of: str) -> None:
    kept: dict[str, str] = {}
    for step in json.loads((RECORDED / f"{directory_of}.json").read_text("utf-8")):
        step = filled(step, {**kept, "DOMAIN": directory.domain})
        media_type = {"content_type": "application/scim+json"} if "body" in step else {}
        answer = await directory(step["method"], step["path"], step.get("body"), **media_type)
        assert answer.status == step["status"], (step["says"], answer.body)
        body = decoded(answer)
        for name, value in step["answer"].items():
            assert body.get(name) == value, (step["says"], body)
        if "keep" in step:
            kept[f"{{{step['keep']}}}"] = body["id"]


def filled(step: Any, values: dict[str, str]) -> Any:
    """The step with ids and the domain in their places."""
    text = json.dumps(step)
    for name, value in values.items():
        text = text.replace(name, value)
    return json.loads(text)
