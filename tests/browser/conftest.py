"""The real command's pages, and a real browser."""

import json
import os
import pathlib
import subprocess

import pytest
from playwright.sync_api import sync_playwright

import pasts

TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", "target")).resolve()
PICTURES = TARGET / "browser"
COMMAND = TARGET / "debug" / "cost-alerts"
NAMES = ["demo", "story", "gap", "hostile"]
# A browser that speaks to nobody by itself; as root it has no sandbox.
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--no-pings"]

# A page that a widget stands in: with styles of its own, which must not change and must not be changed.
HOST = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Dashboard</title><link rel="icon" href="data:,">
<style>body{{margin:0;background:{ground};color:{ink}}}p{{color:{ink}}}h2{{font-style:italic}}</style></head>
<body><main><h1>Dashboard</h1><p id="host">Text of the host</p><div style="width:{width}px">{widget}</div></main></body></html>"""


class Report:
    """One past: its document, its model, its widget."""

    def __init__(self, name):
        self.name = name
        if name == "demo":
            arguments = ["--source", "demo"]
        else:
            past, policy = PICTURES / f"{name}.past", PICTURES / f"{name}.toml"
            policy.write_text(getattr(pasts, name)(past))
            arguments = ["--source", str(past), "--policy", str(policy)]
        self.html = self.made("html", arguments)
        self.model = json.loads(self.made("json", [*arguments, "--json"]).read_text())
        self.arguments = arguments

    def made(self, end, arguments):
        out = PICTURES / f"{self.name}.{end}"
        subprocess.run([COMMAND, "report", *arguments, "--force", "--out", out], check=True, timeout=120)
        return out

    def hosted(self, theme, width):
        ground, ink = ("#fff", "#222") if theme == "light" else ("#111", "#eee")
        widget = self.made(f"{theme}.{width}.fragment", [*self.arguments, "--embed", theme, "--width", str(width)]).read_text()
        page = PICTURES / f"{self.name}.{theme}.{width}.host.html"
        assert len(widget.encode()) < 1_000_000
        page.write_text(HOST.format(ground=ground, ink=ink, width=width, widget=widget))
        return page


@pytest.fixture(scope="session")
def reports():
    PICTURES.mkdir(parents=True, exist_ok=True)
    return {name: Report(name) for name in NAMES}


@pytest.fixture(params=NAMES)
def report(request, reports):
    return reports[request.param]


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=FLAGS)
        yield browser
        browser.close()


class Opened:
    """A page that notes what it asks for and what it complains of."""

    def __init__(self, browser, path, width, scheme, **options):
        self.context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, **options)
        self.page = self.context.new_page()
        self.requests, self.complaints = [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.complaints.append(dialog.message), dialog.dismiss()))
        self.page.goto(path.as_uri())
        self.uri = path.as_uri()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()


@pytest.fixture
def opened(browser):
    return lambda path, width=1440, scheme="light", **options: Opened(browser, path, width, scheme, **options)
