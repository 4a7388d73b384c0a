"""The module as people and programs meet it, through a running service."""

from belsimple.testing import Service, faults


def test_nothing_was_forgotten() -> None:
    assert faults("scaffold") == []


def test_an_entry_is_written_shown_and_changed_on_pages(service: Service) -> None:
    member = service.signed_in("member")
    listed = member.post("/scaffold/new", title="A <first> entry")
    assert listed.path == "/scaffold"
    assert "A &lt;first&gt; entry" in listed.text
    address = listed.link("A &lt;first&gt; entry")
    shown = member.get(address)
    assert 'value="A &lt;first&gt; entry"' in shown.text
    assert "Renamed" in member.post(address, title="Renamed", version="1").text
    assert member.post(address, title="Too late", version="1").status == 412


def test_a_form_that_is_refused_comes_back_as_it_was_typed(service: Service) -> None:
    refused = service.signed_in("member").post("/scaffold/new", title="x" * 201)
    assert refused.status == 422
    assert f'value="{"x" * 201}"' in refused.text


def test_it_is_in_the_menu_and_in_four_languages(service: Service) -> None:
    member = service.signed_in("member")
    for language, words in {
        "en": "New entry",
        "nl": "Nieuw item",
        "fr": "Nouvelle entrée",
        "de": "Neuer Eintrag",
    }.items():
        assert words in member.get(f"/scaffold?language={language}").text
    assert 'href="/scaffold"' in member.get("/scaffold").text


def test_the_api_gives_what_the_pages_show(service: Service) -> None:
    member = service.signed_in("member")
    assert member.api("POST", "/api/v1/scaffold", {"title": "By a program"}).status == 201
    assert "By a program" in {entry["title"] for entry in member.api("GET", "/api/v1/scaffold").json["items"]}


def test_who_may_only_read_only_reads(service: Service) -> None:
    auditor = service.signed_in("auditor")
    assert auditor.get("/scaffold").status == 200
    assert auditor.api("POST", "/api/v1/scaffold", {"title": "No"}).status == 403


def test_another_tenant_sees_nothing_of_it(service: Service) -> None:
    service.signed_in("member").post("/scaffold/new", title="Ours alone")
    assert "Ours alone" not in service.signed_in("owner", tenant=1).get("/scaffold").text


def test_whoever_wrote_an_entry_gets_a_mail(service: Service) -> None:
    service.signed_in("admin").post("/scaffold/new", title="Worth a letter")
    assert f"{service.url}/scaffold/" in service.mail("scaffold.written", "Worth a letter").text
