"""The page of behaviour: every number is the table's where it may be shown, and small groups do not follow from the rest."""

import pytest

from service.behaviour import behaviour_sections
from service.pages import BEHAVIOUR, draw_pages, policy_of
from service.published import open_version


@pytest.fixture
def sections(version):
    return {section.key: section for section in behaviour_sections(open_version(version))}


def test_every_section_says_what_its_numbers_mean(sections):
    assert list(sections) == ["active", "lifecycle", "retention", "buyers", "funnel-purchase"]
    for section in sections.values():
        assert [word for word, _ in section.heading] == ["definition", "population", "window", "denominator"]


def test_active_users_by_activity_newest_first(sections):
    assert sections["active"].rows == (
        ("2024-03-19", "<10", "60", "120", "withheld"),
        ("2024-03-18", "40", "60", "120", "33.3\u00a0%"),
    )
    that_day = sections["active"].picture.traces[0]
    assert that_day["y"] == [40.0, None]


def test_a_small_part_of_a_week_hides_all_parts(sections):
    open_week, second, first = sections["lifecycle"].rows
    assert open_week == ("2024-03-18 *", "74", *["withheld"] * 5)
    assert second == ("2024-03-11", "90", "30", "60", "0", "20", "1.50")  # (30 + 0) / 20
    assert first == ("2024-03-04", "80", "80", "0", "0", "0", "–")
    drawn = {trace["name"]: trace["y"] for trace in sections["lifecycle"].picture.traces}
    assert drawn["gone"] == [0.0, -20.0, None]
    assert drawn["new"] == [80.0, 30.0, None]


def test_triangles_show_shares_of_cohorts(sections):
    assert sections["retention"].rows == (
        ("2024-03-04", "80", "100\u00a0%", "50\u00a0%", "<10"),
        ("2024-03-11", "<10", "withheld", "", ""),
    )
    assert sections["retention"].picture.traces[0]["z"] == [[1.0, 0.5, None], [None, None, None]]
    assert sections["buyers"].rows == (("2024-01-01", "40", "100\u00a0%", "25\u00a0%", "0\u00a0% *"),)
    assert sections["buyers"].picture.traces[0]["z"] == [[1.0, 0.25, None]]  # the open month is not drawn


def test_funnel_hides_small_steps_and_what_would_tell_them(sections):
    rows = {(row[0], row[1][0]): row[2:] for row in sections["funnel-purchase"].rows}
    assert rows["everybody", "1"] == ("200", "100.0\u00a0%", "100.0\u00a0%", "0 s")
    assert rows["everybody", "2"] == ("65", "32.5\u00a0%", "32.5\u00a0%", "1.5 min")
    assert rows["everybody", "3"] == ("<10", "withheld", "withheld", "withheld")
    assert rows["ads", "2"] == ("50", "50.0\u00a0%", "50.0\u00a0%", "1.5 min")
    assert rows["shop", "2"] == ("<10", "withheld", "withheld", "withheld")
    assert rows["friend", "2"][0] == "withheld"  # 65 - 50 - 12 = 3
    assert rows["ads", "3"][0] == "<10"
    assert rows["shop", "3"][0] == "0"
    assert sections["funnel-purchase"].picture.traces[0]["y"] == [200.0, 65.0, None]


def test_empty_reports_say_so(write, tables):
    for name in ("report.active_users_day", "report.lifecycle", "report.retention", "report.funnel"):
        tables[name] = []
    version = write(tables)
    sections = behaviour_sections(open_version(version))
    assert [section.rows for section in sections] == [()] * 4
    assert draw_pages(version)[BEHAVIOUR] == 0
    assert "Nobody was active yet." in (version / BEHAVIOUR).read_text(encoding="utf-8")


def test_the_page_is_safe_and_self_contained(drawn):
    page = next((drawn / "published").glob("2024*")) / BEHAVIOUR
    text = page.read_text(encoding="utf-8")
    assert "<script>alert" not in text
    assert "<script src" not in text
    assert "default-src 'none'" in policy_of(text)
