"""Text for people in a template stands inside of ``_()``; what does not is found with its line."""

import sys
from pathlib import Path

import pytest

from belsimple.language.template_text import faults_in, template_faults
from tools.catalogues import PACKAGES


@pytest.mark.parametrize("package", PACKAGES)
def test_templates_say_everything_in_the_readers_language(package: str) -> None:
    assert "\n".join(str(fault) for fault in template_faults(package)) == ""


@pytest.mark.parametrize(
    ("source", "faults"),
    [
        ("<p>Hello</p>", [(1, "Hello")]),
        ("<p>\n  Hello\n  there\n</p>", [(2, "Hello there")]),
        ("<p>{{ _('A') }} and {{ _('B') }}</p>", [(1, "and")]),
        ("{% if x %}\n<b>Yes</b>{% else %}\nNo{% endif %}", [(2, "Yes"), (3, "No")]),
        ("{#\n a comment \n#}\n<p>é</p>", [(4, "é")]),
        ("{% raw %}\n{{ Really }}\n{% endraw %}", [(2, "{{ Really }}")]),
        ('<img\n src="/a" alt="A house">', [(2, "A house")]),
        ('<a title="Open {{ name }}" href="/x">{{ name }}</a>', [(1, "Open")]),
        ('<nav aria-label="Main"></nav>', [(1, "Main")]),
        ('<input type="text" placeholder="Name">', [(1, "Name")]),
        ('<input type="submit" value="Save">', [(1, "Save")]),
        ('<button data-confirm="Sure?">{{ _("Go") }}</button>', [(1, "Sure?")]),
        ('<meta name="description" content="A page">', [(1, "A page")]),
        ('<input {% if x %}title="Yes"{% endif %}>', [(1, "Yes")]),
        ('{% block attributes %}title="Yes"{% endblock %}', [(1, "Yes")]),
        ('{% macro x() %} id="a"\n title="Yes {{ x }}"{% endmacro %}', [(2, "Yes")]),
        ('{{ field("name", "Your name") }}', [(1, "Your name")]),
        ('\n{{ field("name", label="Name") }}', [(2, "Name")]),
        ('{% set title = "A title" %}', [(1, "A title")]),
        ("{{ 'Yes' if x else _('No') }}", [(1, "Yes")]),
        ("{{ _('By {who}', who='A friend') }}", [(1, "A friend")]),
        ("<p>&eacute;t&eacute;</p>", [(1, "été")]),
        ("{% if %}", [(1, "Expected an expression, got 'end of statement block'")]),
        ("\n{{ _('A' }}", [(2, "unexpected '}', expected ')'")]),
    ],
)
def test_text_outside_is_found_with_its_line(source: str, faults: list[tuple[int, str]]) -> None:
    assert faults_in(source, html=True) == faults


@pytest.mark.parametrize(
    "source",
    [
        "<p>{{ _('Hello') }}</p>",
        "{{ ngettext('One file.', '{count} files.', n, count=n) }}",
        "<p>{{ name }} · {{ 12 }} \u2013 100 % → «»&nbsp;</p>",
        "<style>a { color: red }</style><script>let x = 1</script><code>POST /api</code>",
        '<input type="hidden" name="token" value="Some thing"><input type="text" value="Some thing">',
        '<img alt="" src="/a.png" class="big picture"><p title="{{ _("A") }}" lang="en"></p>',
        '{% extends "belsimple/base.html" %}{% import "belsimple/forms.html" as forms with context %}',
        '{{ forms.field("name", _("Name"), kind="email", autocomplete="given-name family-name") }}',
        '{% block main_class %}class="narrow wide"{% endblock %}',
        '{% macro described(x) %} aria-describedby="{{ x }}{% if y %} {{ y }}-hint{% endif %}"{% endmacro %}',
        '{% if method == "POST" and path.startswith("/operator/") %}{% endif %}',
        "{# Written for people. #}<!-- for programmers -->",
    ],
)
def test_what_is_translated_or_no_text_for_people_is_fine(source: str) -> None:
    assert faults_in(source, html=True) == []


def test_what_is_no_language_can_be_allowed_by_name() -> None:
    source = '{# no language: "belsimple", "PDF" #}\n<a>belsimple</a> <a>PDF</a>{{ button("PDF") }}'
    assert faults_in(source, html=True) == []
    assert faults_in(source + "\n<b>PDFs</b>", html=True) == [(3, "PDFs")]
    assert faults_in("{{ _('Title') }} · belsimple", html=True) == [(1, "belsimple")]


def test_a_text_template_is_text_all_through() -> None:
    assert faults_in("{{ greeting }}\n\n<b>Regards\n{% if x %}-- {% endif %}\n", html=False) == [(3, "<b>Regards")]


def test_a_packages_templates_are_found_wherever_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("__init__.py", "templates/a.html", "part/templates/deep/b.txt", "static/c.html"):
        file = tmp_path / "scroll" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("" if name.endswith("py") else "\nWords")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "scroll", raising=False)
    assert [str(fault) for fault in template_faults("scroll")] == [
        f"{tmp_path}/scroll/part/templates/deep/b.txt:2: outside of _(): 'Words'",
        f"{tmp_path}/scroll/templates/a.html:2: outside of _(): 'Words'",
    ]
