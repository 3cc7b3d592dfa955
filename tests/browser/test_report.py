"""What a reader's browser does with the report."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from conftest import PICTURES

WIDTHS = [390, 800, 1440]
SCHEMES = ["light", "dark"]
# What could run, load or move.
ACTIVE = "script, iframe, img, object, embed, video, audio, form, base, link:not([rel=icon]), meta[http-equiv=refresh], [onload], [onerror], [onclick]"


def plain(text):
    return re.sub(r"\s+", " ", text).strip()


def texts(page, selector):
    return [plain(text) for text in page.locator(selector).all_text_contents()]


def serious(page):
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{violation['id']}: {node['target']} {node['html'][:120]}"
        for violation in found
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"][:3]
    ]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_asks_for_nothing_complains_of_nothing_and_fits(report, opened, width, scheme):
    with opened(report.html, width, scheme) as it:
        it.page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
        it.page.wait_for_timeout(50)
        assert it.requests == [it.uri]
        assert it.complaints == []
        assert it.page.locator(ACTIVE).count() == 0
        assert it.page.evaluate("document.documentElement.scrollWidth") <= width
        it.page.locator("details").evaluate_all("all => all.forEach(one => one.open = false)")
        it.page.screenshot(path=PICTURES / f"{report.name}-{width}-{scheme}.png", full_page=True)


def test_the_text_is_the_models(report, opened):
    model = report.model
    with opened(report.html) as it:
        page = it.page
        assert texts(page, "h1") == [plain(model["verdict"])]
        full = model["completeness"]
        assert texts(page, ".verdict .full") == [plain(f"{full['lead']} {full['text']}")]
        assert texts(page, ".todo li > span > b") == [plain(statement["lead"]) for statement in model["statements"]]
        rows = [plain(row["who"] + row["name"]) for row in model["budgets"]]
        assert texts(page, ".budgets tbody th") == rows
        assert texts(page, ".budgets .used") == [f"{row['used']}%" for row in model["budgets"]]
        assert texts(page, ".budgets tbody .st") == [row["state"] for row in model["budgets"]]
        assert texts(page, ".alerts tbody .no") == [str(row["number"]) for row in model["alerts"]]
        assert texts(page, ".alerts tbody th") == [plain(row["who"]) for row in model["alerts"]]
        numbers = [row["number"] for department in model["departments"] for row in department["numbers"]]
        assert texts(page, ".months tbody tr:not(.grp):not(.all) th") == [plain(number) for number in numbers]
        assert len(texts(page, ".days tbody th")) == len(numbers)
        senders = [
            plain(sender["name"] + (f" ext. {sender['extension']}" if sender["extension"] else ""))
            for group in model["senders"]
            for sender in group["senders"]
        ]
        shown = [text for text in texts(page, ".send tbody tr:not(.grp) th") if not re.fullmatch(r"[\d,]+ more", text)]
        assert shown == senders
        assert texts(page, ".gaps b") == [plain(statement["lead"]) for statement in model["not_in_full"]]


def test_a_day_that_is_not_known_is_a_gap_and_never_a_zero(reports, opened):
    model = reports["gap"].model
    assert "18 and 19 November" in model["completeness"]["text"]
    curve = model["curves"][0]
    assert curve["days"][17:19] == [None, None]
    with opened(reports["gap"].html) as it:
        assert it.page.locator(".curve.gap").count() == len(model["curves"])
        figures = it.page.locator("table.plain tbody tr").first.locator("td").all_text_contents()
        assert figures[17:19] == ["?", "?"]
        assert "not read" in " ".join(texts(it.page, ".gaps")).lower()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_nothing_serious(report, opened, width, scheme):
    # axe is a script of its own, which the page's policy would not run.
    with opened(report.html, width, scheme, bypass_csp=True) as it:
        it.page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
        assert serious(it.page) == []


def test_the_keyboard_reaches_links_details_and_the_table_in_it(reports, opened):
    with opened(reports["story"].html) as it:
        reached = []
        for _ in range(3):
            it.page.keyboard.press("Tab")
            reached.append(it.page.evaluate("document.activeElement.tagName"))
            outline = it.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none"
            if reached[-1] == "SUMMARY":
                it.page.keyboard.press("Enter")
        assert reached == ["A", "SUMMARY", "DIV"]


def test_print_is_light(reports, opened):
    with opened(reports["story"].html, 1440, "dark") as it:
        ground = "getComputedStyle(document.body).backgroundColor"
        assert it.page.evaluate(ground) == "rgb(17, 21, 26)"
        it.page.emulate_media(media="print")
        assert it.page.evaluate(ground) == "rgb(255, 255, 255)"


@pytest.mark.parametrize("width", [520, 760, 1200])
@pytest.mark.parametrize("theme", SCHEMES)
def test_the_widget_keeps_to_its_place(report, opened, theme, width):
    host = report.hosted(theme, width)
    with opened(host, 1440, theme, bypass_csp=True) as it:
        page = it.page
        assert it.requests == [it.uri]
        assert it.complaints == []
        widget = page.locator(".zc")
        assert widget.count() == 1
        assert page.locator(f".zc [id], .zc use, .zc pattern, .zc clipPath, .zc :is({ACTIVE})").count() == 0
        assert texts(page, ".zc h2") == [plain(report.model["verdict"])]
        # The host's own text is as it was, and the widget is no wider than its place.
        ink = "rgb(34, 34, 34)" if theme == "light" else "rgb(238, 238, 238)"
        assert page.locator("#host").evaluate("it => getComputedStyle(it).color") == ink
        assert widget.evaluate("it => it.scrollWidth") <= width
        assert serious(page) == []
        page.screenshot(path=PICTURES / f"widget-{report.name}-{width}-{theme}.png", full_page=True)
