import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from service.pages import BEHAVIOUR, MODELS, OVERVIEW, draw_pages, embedded, policy_of
from service.published import DamagedVersionError


class Reader(HTMLParser):
    """Collects what a browser would see: text per section, table rows per section, elements, scripts."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.texts, self.rows, self.elements, self.scripts = {}, {}, [], []
        self._section, self._skips, self._cell = "", None, None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag == "section":
            self._section = dict(attrs)["id"]
        if tag in {"script", "style"}:
            self._skips = tag
            self.scripts += [(dict(attrs), "")] if tag == "script" else []
        if tag == "tr":
            self.rows.setdefault(self._section, []).append([])
        if tag in {"td", "th"}:
            self._cell = ""

    def handle_endtag(self, tag):
        if tag == self._skips:
            self._skips = None
        if tag in {"td", "th"}:
            self.rows[self._section][-1].append(" ".join(self._cell.split()))
            self._cell = None

    def handle_data(self, data):
        if self._skips == "script":
            attrs, text = self.scripts[-1]
            self.scripts[-1] = (attrs, text + data)
        elif self._skips is None:
            self.texts[self._section] = f"{self.texts.get(self._section, '')} {' '.join(data.split())}"
            if self._cell is not None:
                self._cell += data

    def figure(self, name):
        return json.loads(next(text for attrs, text in self.scripts if attrs.get("data-chart") == name))


@pytest.fixture(scope="module")
def read(page):
    return Reader(page)


def row_of(rows, beginning):
    return next(row for row in rows if row[0].startswith(beginning))


# --- every number is the table's
def test_key_numbers_are_those_of_the_last_full_month(read) -> None:
    text = read.texts["numbers"]
    # February: 13,500 - 700 - 300 - 200 = 12,300 net; January: 12,000.50 - 600 = 11,400.50; 12,300 / 11,400.50 = 1.0789.
    assert "Net revenue, February 2024 CNY 12,300 +7.9 % on January 2024" in text
    assert "Orders, February 2024 120 +11.1 % on January 2024" in text
    assert "Buyers, February 2024 80 +14.3 % on January 2024" in text
    # (13,500 - 200) / 120 = 110.83; January (12,000.50 - 100) / 108 = 110.19.
    assert "Average order, February 2024 CNY 110.83 +0.6 % on January 2024" in text


def test_revenue_table_equals_the_report_where_it_may_be_shown(read) -> None:
    header, march, february, january = read.rows["revenue"]
    assert header == ["Month", "Orders", "Buyers", "Gross", "Given back", "Net", "Net, identified", "Net, guests"]
    assert march == ["March 2024, so far", "55", "40", "withheld", "withheld", "CNY 6,100", "CNY 5,100", "CNY 1,000"]
    assert february == [
        "February 2024", "120", "80", "CNY 13,500", "CNY 1,000", "CNY 12,300", "CNY 10,300", "CNY 2,000",
    ]  # fmt: skip
    assert january == ["January 2024", "108", "70", "CNY 12,000", "CNY 500.00", "CNY 11,400", "withheld", "withheld"]


def test_revenue_charts_equal_the_report_where_it_may_be_shown(read) -> None:
    gross, given_back, net = read.figure("revenue")["data"]
    assert gross["y"] == [12_000.5, 13_500, None]
    assert given_back["y"] == [-500, -1_000, None]
    assert net["y"] == [11_400.5, 12_300, 6_100]
    assert gross["marker"]["opacity"] == [1, 1, 0.45]
    identified, guests = read.figure("revenue-split")["data"]
    assert identified["y"] == [None, 10_300, 5_100]
    assert guests["y"] == [None, 2_000, 1_000]


def test_personas_equal_the_report_and_the_small_one_hides_with_the_next(read) -> None:
    rows = read.rows["personas"]
    assert row_of(rows, "Champions")[2:] == ["120", "64.5 %", "12", "4.3", "CNY 2,447", "70 %"]
    assert row_of(rows, "Loyal")[2:] == ["withheld"] * 6
    assert row_of(rows, "Lost")[2:] == ["<10", *["withheld"] * 5]
    people, spend = read.figure("personas")["data"]
    total = 120 * 2446.577448 + 60 * 841.083506 + 6 * 77.125
    assert people["x"] == [pytest.approx(120 / 186)]
    assert spend["x"] == [pytest.approx(120 * 2446.577448 / total)]


def test_clusters_equal_the_report(read) -> None:
    frequent, hostile = read.rows["clusters"][1:]
    assert frequent == ["Frequent高频", "", "100", "53.8 %", "31", "3.1", "CNY 1,848"]
    assert hostile[2:] == ["86", "46.2 %", "31", "3.1", "CNY −13.25"]


def test_lists_equal_their_files(read) -> None:
    text = read.texts["lists"]
    # 54 members at 100.25 each; 30 and 24 of them in the variants.
    assert "54 people" in " ".join(text.split())
    assert "CNY 5,414" in text
    assert "To act on 42 Held out 12 Kept out, no consent 17 Expires 3 April 2024" in " ".join(text.split())
    assert "high value 30 · CNY 3,008 Reminder with news" in " ".join(text.split())
    assert "top value 24 · CNY 2,406" in text
    links = {attrs["href"] for tag, attrs in read.elements if tag == "a" and not attrs["href"].startswith("#")}
    lists = {"../segments/retention.csv", "../segments/reactivation.csv"}
    assert links == {"behaviour.html", "../dashboards/models.html", *lists}


def test_small_parts_of_a_list_are_hidden(read) -> None:
    text = " ".join(read.texts["lists"].split())
    # 3 of 20 held out; 6 of 20 in one variant; 4 without consent.
    assert "20 people Value at stake CNY 2,005 To act on withheld Held out <10 Kept out, no consent <10" in text
    assert "long lapsed withheld One letter just lapsed <10 A voucher" in text


def test_an_empty_list_says_why(read) -> None:
    text = " ".join(read.texts["lists"].split())
    assert "0 people Empty: no discounts" in text
    assert "Kept out, no consent 0 segments/pricing.csv (no rows)" in text


def test_model_card_equals_its_row_with_intervals_beside_simpler_ways(read) -> None:
    text = " ".join(read.texts["models"].split())
    assert "ranks them right in 77 of 100 cases. Ranking by the last order alone does so in 68." in text
    assert "Better beyond chance than: recency rule." in text
    assert "Not shown to be better than: MBG/NBD P(buy)." in text
    for number in (
        "Ranking (AUC) 0.765 0.744 to 0.784",
        "Came true 43 % 41 % to 45 %",
        "Calibration (ECE) 0.032 0.011 to 0.051",
        "Brier score 0.188 0.166 to 0.206",
        "PR-AUC 0.654 0.633 to 0.673",
        "Top tenth 2.1 × 2.1 × to 2.1 ×",
        "Tested on 180 people on 21 February 2024",
        "2 past snapshots (2023-12-01 to 2024-02-21) and 2 features; the model knows nothing from 20 March 2024 on",
    ):
        assert number in text
    dots = read.figure("comparison-purchase-28")["data"]
    assert [(dot["y"][0], dot["x"][0]) for dot in dots] == [
        ("This score", 0.7654), ("Recency rule", 0.6789), ("MBG/NBD P(buy)", 0.7531),
    ]  # fmt: skip


def test_calibration_leaves_out_the_bin_of_six_people(read) -> None:
    points = read.figure("calibration-purchase-28")["data"][1]
    assert (points["x"], points["y"], points["customdata"]) == ([0.4412], [0.4398], [174])


def test_a_rule_that_stands_in_is_called_so_and_shows_no_measure(read) -> None:
    text = " ".join(read.texts["models"].split())
    assert "Who will go quiet?流失 Fallback rule" in text.replace(" 流失", "流失")
    assert "No model of its own : history too short" in text
    assert "Not tested on the future" in text
    assert "comparison-churn-28" not in {attrs.get("data-chart") for attrs, _ in read.scripts}


def test_value_forecast_says_how_far_the_total_was_off(read) -> None:
    text = " ".join(read.texts["models"].split())
    assert "The forecast of the total was 34 % too low." in text
    assert "Ranking (nGini) 0.771 0.700 to 0.800" in text
    assert "Error per person CNY 57.25 CNY 50.00 to CNY 65.00" in text


def test_ledger_and_reasons_equal_the_report(read) -> None:
    rows = read.rows["quality"]
    assert row_of(rows, "order items") == ["order items", "541,909", "539,400", "11", "20", "2,400", "78", "✓"]
    assert ["order items", "quarantined", "order_id is missing", "78"] in rows
    assert "541,912 records in 1 file; 3 could not be read" in read.texts["quality"]


@pytest.mark.slow
def test_the_number_of_rows_shown_is_told(version) -> None:
    # 3 months + 3 personas + 2 clusters + 1 ledger + 4 variants + 3 cards + 2 reasons
    # behaviour: 2 days + 3 weeks + 2 and 1 cohorts + 3 steps of everybody and 9 of channels
    # models: 3 predictions of purchase, 2 of spend, 2 features that moved; a card each as a file
    cards = dict.fromkeys((f"model_cards/{outcome}-28d.json" for outcome in ("purchase", "churn", "value")), 1)
    assert draw_pages(version) == {OVERVIEW: 18, BEHAVIOUR: 20, MODELS: 7, **cards}


# --- nothing that must not be there
def test_hostile_names_are_text(page, read) -> None:
    assert page.count("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;") >= 8
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "{{ 7 * 7 }}" in page
    tags = {tag for tag, _ in read.elements}
    assert tags.isdisjoint({"img", "iframe", "object", "embed", "link", "base", "form"})
    assert [name for _, attrs in read.elements for name in attrs if name.startswith("on")] == []


def test_hostile_names_are_text_in_figures_too(read) -> None:
    figures = [text for attrs, text in read.scripts if "data-chart" in attrs]
    assert len(figures) == 6
    assert [text for text in figures if re.search("[<>&\u2028\u2029]", text)] == []


def test_a_hostile_name_in_a_chart_is_escaped_for_plotly(version) -> None:
    from service.charts import group_shares

    figure = json.loads(group_shares(["<b>x</b> & <a href='u'> $y$"], [1.0], [1.0]))
    assert figure["data"][0]["y"] == ["&lt;b&gt;x&lt;/b&gt; &amp; &lt;a href='u'&gt; &#36;y&#36;"]
    assert figure["layout"]["annotations"][0]["text"] == figure["data"][0]["y"][0]


def test_json_cannot_end_its_script_element() -> None:
    figure = json.dumps({"name": "</script><!--\u2028&\u2029"}, ensure_ascii=False)
    assert re.search("[<>&\u2028\u2029]", embedded(figure)) is None
    assert json.loads(embedded(figure)) == json.loads(figure)


def test_nothing_is_loaded_from_anywhere(page, read) -> None:
    addresses = [
        value
        for _, attrs in read.elements
        for name, value in attrs.items()
        if name in {"src", "href", "action", "srcset"}
    ]
    beyond = [address for address in addresses if not address.startswith(("#", "../segments/"))]
    assert beyond == ["behaviour.html", "../dashboards/models.html"]
    style = page[page.index("<style>") : page.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    own = "".join(text for attrs, text in read.scripts if "data-chart" in attrs or "Plotly.newPlot" in text[:2_000])
    assert "://" not in own


def test_only_the_pages_own_scripts_may_run(page, read) -> None:
    policy = policy_of(page)
    assert policy.startswith("default-src 'none'")
    inline = [text for attrs, text in read.scripts if "data-chart" not in attrs]
    hashes = [f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in inline]
    assert policy.endswith("script-src " + " ".join(hashes))
    assert len(inline) == 2


def test_no_person_is_on_the_page(page) -> None:
    assert "shopper-" not in page


def test_hidden_numbers_are_nowhere_on_the_page(page) -> None:
    # The spend of the hidden personas, January's guests, March's gross, people per hidden variant.
    for number in ("841.08", "77.13", "77.125", "1,000.25", "1000.25", "6161", "6,161", "10,400", "1,404", "1403.5"):
        assert number not in page.split("<script>", maxsplit=1)[0]


@pytest.mark.slow
def test_a_page_is_drawn_the_same_twice(version) -> None:
    draw_pages(version)
    first = (version / OVERVIEW).read_bytes()
    draw_pages(version)
    assert (version / OVERVIEW).read_bytes() == first


# --- odd versions
EMPTY = (
    "report.revenue_month",
    "report.persona_summary",
    "report.cluster_summary",
    "report.data_quality",
    "report.exclusions",
)


@pytest.mark.slow
def test_a_version_without_any_row_still_has_a_page(write, tables, manifest) -> None:
    tables |= dict.fromkeys((*EMPTY, "score.model_card", "segment.retention", "segment.reactivation"), ())
    for facts in manifest["segments"].values():
        facts |= {"rows": 0, "control": 0, "empty_because": "there are no orders"}
    version = write(tables, manifest)
    assert draw_pages(version)[OVERVIEW] == 0
    page = (version / OVERVIEW).read_text(encoding="utf-8")
    read = Reader(page)
    assert read.scripts == []
    assert policy_of(page).endswith("script-src 'none'")
    assert "There is no complete month with orders before 20 March 2024." in read.texts["numbers"]
    assert " ".join(read.texts["lists"].split()).count("Empty: there are no orders.") == 3
    for section, sentence in (
        ("revenue", "There are no orders, so there is no revenue to show."),
        ("personas", "Without orders there are no personas."),
        ("clusters", "Without enough customers there are no clusters."),
        ("models", "No model and no fallback could be tested yet"),
        ("quality", "No landing file has been read."),
    ):
        assert sentence in read.texts[section]


@pytest.mark.slow
def test_a_ledger_that_does_not_balance_is_said(write, tables) -> None:
    tables["report.data_quality"][0]["rows_loaded"] -= 1
    version = write(tables)
    draw_pages(version)
    read = Reader((version / OVERVIEW).read_text(encoding="utf-8"))
    assert row_of(read.rows["quality"], "order items")[-1] == "✗"
    assert "a ledger does not balance" in read.texts["quality"]


@pytest.mark.slow
def test_a_list_of_six_people_shows_no_more_than_that(write, tables, manifest) -> None:
    tables["segment.reactivation"] = tables["segment.reactivation"][:6]
    manifest["segments"]["reactivation"] |= {"rows": 6, "control": 3}
    version = write(tables, manifest)
    draw_pages(version)
    text = " ".join(Reader((version / OVERVIEW).read_text(encoding="utf-8")).texts["lists"].split())
    assert "<10 people Value at stake withheld To act on <10 Held out <10" in text
    assert "long lapsed <10 One letter" in text


def test_a_missing_table_is_named(version) -> None:
    (version / "tables/report.exclusions.parquet").unlink()
    with pytest.raises(DamagedVersionError, match=r"tables/report\.exclusions\.parquet is missing"):
        draw_pages(version)


def test_simulated_data_is_called_so(write, manifest, page) -> None:
    assert "Simulated data" not in page
    version = write(None, manifest | {"is_simulated": True})
    draw_pages(version)
    assert "Simulated data" in (version / OVERVIEW).read_text(encoding="utf-8")


@pytest.mark.slow
def test_another_bound_for_small_groups_is_kept(write, manifest) -> None:
    version = write(None, manifest | {"small_cell_below": 100})
    draw_pages(version)
    page = (version / OVERVIEW).read_text(encoding="utf-8")
    read = Reader(page)
    assert row_of(read.rows["clusters"], "Frequent")[2:4] == ["withheld", "withheld"]
    assert "fewer than 100 people" in read.texts["terms"]
    assert "54" not in read.texts["lists"]
