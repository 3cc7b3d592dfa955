"""Pasts of accounts as `cost-alerts … --save` writes them, and the policies that judge them: made here, since the sample account is well-behaved."""

import datetime
import json
import random

import xxhash

NONE = "(none)"
TODAY = datetime.date(2026, 11, 22)


def write(path, days, unknown=()):
    """Lines of JSON: a header, the figures, and their digest. `days` holds lists of (number, department, extension, name, currency, units, messages)."""
    first = min(days)
    known = {day for day in unknown}
    header = {
        "past": 1, "account": "browser", "product": "sms", "zone": "America/New_York", "first": str(first), "last": str(TODAY),
        "until": "2026-11-22T13:00:00Z", "unknown": sorted(str(day) for day in known),
    }
    lines = [json.dumps(header)]
    for day, cells in sorted(days.items()):
        if day in known:
            continue
        texts, places = [], {}

        def place(text):
            if text not in places:
                places[text] = len(texts)
                texts.append(text)
            return places[text]

        rows = []
        for number, department, extension, name, currency, units, messages in cells:
            amount = f"{units // 10_000}.{units % 10_000:04}"
            rows.append([place(number), place(department), place(NONE), place(extension), place(name), currency, amount, messages])
        lines.append(json.dumps({"texts": texts, "days": {str(day): rows}}, ensure_ascii=False))
    text = "".join(line + "\n" for line in lines)
    digest = xxhash.xxh3_64_hexdigest(text.encode())
    path.write_text(text + json.dumps({"lines": len(lines), "digest": digest}) + "\n")


def dates(count):
    return [TODAY - datetime.timedelta(days=back) for back in reversed(range(count))]


STORY_POLICY = """
time_zone = "America/New_York"
[[budget]]
name = "every number"
scope = "billing_number"
currency = "USD"
amount = 100
alert_at = [50, 80, 100]
forecast_at = [100]
[[budget]]
name = "support lines"
scope = "billing_number"
only = ["+12025550112"]
currency = "USD"
amount = 500
alert_at = [80, 100]
forecast_at = [100]
[[budget]]
name = "whole account"
scope = "account"
currency = "USD"
amount = 1000
alert_at = [50, 100]
[[budget]]
name = "Sales in Europe"
scope = "department"
only = ["Sales"]
currency = "EUR"
amount = 25
alert_at = [80, 100]
[[budget]]
name = "support, weekly"
scope = "department"
only = ["Support"]
currency = "USD"
period = "week"
amount = 150
[[spike]]
name = "runaway sender"
scope = "billing_number"
currency = "USD"
min_extra = "1"
[[silence]]
reason = "Black Friday campaign, agreed with finance"
from = "2026-11-14"
until = "2026-12-01"
budget = "every number"
only = ["+12025550165"]
scope = "billing_number"
"""

# Number, department, extension, name, currency, messages a day, price of one in units of 0.0001, growth in percent of the last month.
STORY = [
    ("+12025550112", "Support", "2001", "Ticket bot", "USD", 640, 205, 40),
    ("+12025550112", "Support", "2004", "On-call", "USD", 85, 205, 0),
    ("+12025550187", "Marketing", "1003", "Campaigns", "USD", 95, 205, 160),
    ("+12025550187", "Marketing", "1007", "Dana Whitfield", "USD", 24, 405, 10),
    ("+12025550165", "Marketing", "1012", "Promotions", "USD", 60, 405, 20),
    ("+12025550143", "Sales", "1201", "Sales desk", "USD", 90, 205, 30),
    ("+12025550143", "Sales", "1204", "Renewals", "USD", 50, 205, 10),
    ("+12025550109", "Front desk", "1100", "Reception", "USD", 11, 205, 0),
    ("+33199005521", "Sales", "3001", "Paris desk", "EUR", 9, 620, 5),
    ("+33199005521", "Sales", "3004", "Events", "EUR", 2, 620, 5),
    ("+493023125017", "Support", "3105", "Berlin support", "EUR", 4, 620, 0),
    ("+442079460018", "Sales", "3201", "London desk", "GBP", 3, 480, 10),
]


def story(path):
    """A month in which something of each kind happens, and a day is not known."""
    dice = random.Random(7)
    days = {}
    for day in dates(395):
        cells = []
        for number, department, extension, name, currency, usual, price, growth in STORY:
            if currency == "GBP" and day < datetime.date(2026, 8, 10):
                continue
            sent = usual * (0.4 if day.weekday() > 4 else 1.15) * dice.uniform(0.8, 1.2)
            if day >= datetime.date(2026, 10, 28):
                sent *= 1 + growth / 100
            if extension == "1100" and day == datetime.date(2026, 11, 17):
                sent = 412
            if day == TODAY:
                sent *= 0.25
            if round(sent):
                cells.append((number, department, extension, name, currency, round(sent) * price, round(sent)))
        days[day] = cells
    write(path, days, unknown=[])
    return STORY_POLICY


def gap(path):
    """The same with two days that nobody read."""
    policy = story(path)
    lines = path.read_text().splitlines()[:-1]
    days = {}
    for line in lines[1:]:
        chunk = json.loads(line)
        texts = chunk["texts"]
        for day, rows in chunk["days"].items():
            days[datetime.date.fromisoformat(day)] = [
                (texts[row[0]], texts[row[1]], texts[row[3]], texts[row[4]], row[5], round(float(row[6]) * 10_000), row[7]) for row in rows
            ]
    write(path, days, unknown=[datetime.date(2026, 11, 18), datetime.date(2026, 11, 19), datetime.date(2026, 6, 3)])
    return policy


HOSTILE_NAMES = [
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "</style><style>*{display:none}", "</title></svg><iframe src=//evil.example>",
    "שלום עולם", "\u202eevil\u202c", "مرحبا بالعالم", "W" * 300, "a\u2028b\u0000c".replace("\u0000", "\u0085"), "-->]]>&amp;&lt;", "🧨" * 80, "  ", "'; DROP TABLE",
    "{{7*7}}${7*7}", "https://evil.example/?q=1", "url(https://evil.example/x.png)", "Ｆｕｌｌ　ｗｉｄｔｈ", "İstanbul ǅ ß", "x\u0301" * 90, "+12025550199",
]

HOSTILE_POLICY = """
[[budget]]
name = "<b>every</b> number & \\"more\\""
scope = "billing_number"
currency = "USD"
amount = 20
alert_at = [50, 100]
[[budget]]
name = "departments"
scope = "department"
currency = "USD"
amount = 35
[[silence]]
reason = "</p><script>alert(2)</script>"
from = "2026-11-20"
until = "2026-12-01"
scope = "department"
[[spike]]
name = "spikes"
scope = "billing_number"
currency = "USD"
"""


def hostile(path, numbers=250):
    """Texts that try to be markup, to turn the direction of writing, or to break the layout; and credits."""
    dice = random.Random(11)
    days = {}
    for day in dates(120):
        cells = []
        for index in range(numbers):
            name = HOSTILE_NAMES[index % len(HOSTILE_NAMES)]
            number = f"+1202555{index:04}" if index % 9 else name
            sent = dice.randint(0, 12) + (400 if dice.random() < 0.0005 else 0)
            if sent:
                currency = ["USD", "USD", "EUR", "JPY", "KWD"][index % 5]
                cells.append((number, name, str(1000 + index) if index % 7 else NONE, name, currency, sent * 821, sent))
        cells.sort()
        merged = {}
        for cell in cells:
            key = cell[:5]
            units, messages = merged.get(key, (0, 0))
            merged[key] = (units + cell[5], messages + cell[6])
        days[day] = [(*key, *sums) for key, sums in merged.items()]
    write(path, days)
    return HOSTILE_POLICY.replace("[[budget]]", 'time_zone = "America/New_York"\n[[budget]]', 1)
