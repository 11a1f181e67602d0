"""SQL as Grafana sends it: variables by its page, macros by its server; and what an answer must look like for its panel."""

import re
import time

from grafana_files import VARIABLE

NUMBERS = {20, 21, 23, 700, 701, 1700}
TIMES = {1082, 1114, 1184}
TEXTS = {16, 18, 19, 25, 1042, 1043}
MACRO = re.compile(r"\$([_a-zA-Z0-9]+)\(([^)]*)\)")
UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
# Steps of Grafana's intervals, in seconds.
INTERVALS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10800, 21600, 43200, 86400)


class QueryFault(Exception):
    """What is wrong with a query, in a sentence."""


def seconds_of(text):
    match = re.fullmatch(r"([0-9.]+)(ms|[smhdwy])", text)
    if not match:
        raise QueryFault(f"'{text}' is no span of time")
    return float(match.group(1)) * UNITS[match.group(2)]


class Range:
    """A range of time that a dashboard may show."""

    def __init__(self, label, span):
        self.label = label
        self.end = time.time()
        self.start = self.end - span
        wanted = span / 1000
        self.interval = next((step for step in INTERVALS if step >= wanted), INTERVALS[-1])

    @classmethod
    def of(cls, label, begin):
        """begin as a dashboard has it, such as now-7d, or as a panel has it, such as 7d."""
        return cls(label, seconds_of(begin.removeprefix("now-")))

    @staticmethod
    def literal(moment):
        return time.strftime("'%Y-%m-%dT%H:%M:%S", time.gmtime(moment)) + f".{int(moment % 1 * 1000):03d}Z'"


class Variable:
    """A variable with the value that it has when the dashboard opens."""

    def __init__(self, name, values, many):
        self.name, self.values, self.many = name, values, many

    def written(self, form):
        escaped = [value.replace("'", "''") for value in self.values]
        if form in (None, "") and not self.many:
            return escaped[0] if escaped else ""
        if form in (None, "", "sqlstring"):
            return ",".join(f"'{value}'" for value in escaped or [""])
        if form == "csv":
            return ",".join(self.values)
        if form == "raw":
            return self.values[0] if self.values else ""
        raise QueryFault(f"the format {form} of ${self.name} is unknown here")


def interpolate(text, variables):
    """Puts the values of the dashboard's variables in. What is no variable Grafana would send as it stands."""

    def replaced(match):
        name = match.group(1) or match.group(2) or match.group(4)
        if name.startswith("__"):
            return match.group(0)
        if name not in variables:
            raise QueryFault(f"{match.group(0)} is no variable")
        return variables[name].written(match.group(3) or match.group(5))

    return VARIABLE.sub(replaced, text)


def expand(text, span):
    """Replaces the macros of the PostgreSQL data source."""
    text = text.replace("$__interval_ms", str(int(span.interval * 1000))).replace("$__interval", f"{span.interval}s")
    text = text.replace("$__unixEpochFrom()", str(int(span.start))).replace("$__unixEpochTo()", str(int(span.end)))
    start, end = Range.literal(span.start), Range.literal(span.end)

    def replaced(match):
        name, arguments = match.group(1), [part.strip() for part in match.group(2).split(",")]
        first = arguments[0]
        if name in ("__time", "__timeEpoch", "__timeFilter", "__timeGroup", "__timeGroupAlias", "__unixEpochFilter") and not first:
            raise QueryFault(f"${name} needs a column")
        if name == "__timeFrom":
            return start
        if name == "__timeTo":
            return end
        if name == "__timeFilter":
            return f"{first} BETWEEN {start} AND {end}"
        if name == "__time":
            return f'{first} AS "time"'
        if name == "__timeEpoch":
            return f'extract(epoch from {first}) as "time"'
        if name == "__unixEpochFilter":
            return f"{first} >= {int(span.start)} AND {first} <= {int(span.end)}"
        if name in ("__timeGroup", "__timeGroupAlias"):
            if len(arguments) < 2:
                raise QueryFault(f"${name} needs a column and an interval")
            step = seconds_of(arguments[1].strip("'"))
            group = f"floor(extract(epoch from {first})/{step:g})*{step:g}"
            alias = name == "__timeGroupAlias" or text[match.end():match.end() + 1] == ","
            return f'{group} AS "time"' if alias else group
        raise QueryFault(f"the macro ${name} is unknown")

    text = MACRO.sub(replaced, text)
    left = re.search(r"\$\{?__\w+", text)
    if left:
        raise QueryFault(f"{left.group(0)} is no macro")
    return text


class Database:
    """The database as the login of the data source sees it."""

    def __init__(self, url):
        import psycopg2

        self.error = psycopg2.Error
        self.connection = psycopg2.connect(url, connect_timeout=10, application_name="grafana-check")
        self.connection.autocommit = True
        self.ask("SET statement_timeout = '60s'")

    def ask(self, text):
        """The columns (name, type), the rows, and the milliseconds until the last of them was here."""
        begun = time.perf_counter()
        with self.connection.cursor() as cursor:
            try:
                cursor.execute(text)
                rows = cursor.fetchall() if cursor.description else []
            except self.error as error:
                raise QueryFault(str(error).strip().replace("\n", " ")) from None
            columns = [(column.name, column.type_code) for column in cursor.description or []]
        return columns, rows, (time.perf_counter() - begun) * 1000

    def faults_of_login(self):
        """What this login may that a reader should not, and what it misses."""
        _, rows, _ = self.ask("""
            SELECT rolsuper OR rolbypassrls, pg_has_role(current_user, 'ha_bridge_reader', 'USAGE'),
                pg_has_role(current_user, 'ha_bridge_writer', 'MEMBER') OR pg_has_role(current_user, 'ha_bridge_owner', 'MEMBER')
            FROM pg_roles WHERE rolname = current_user""")
        passes, reads, writes = rows[0]
        if passes or writes:
            return ["The login of the database may more than read; Grafana runs whatever a viewer sends."]
        if not reads:
            return ["The login of the database is no member of ha_bridge_reader."]
        _, rows, _ = self.ask("SELECT count(*) FROM home_assistant_connections WHERE removed_at IS NULL")
        return [] if rows[0][0] else ["The login of the database sees no house; ha-bridge user grant gives it one."]


def check_shape(columns, rows, panel, form):
    """Raises what keeps the panel from being drawn of this answer."""
    names = [name for name, _ in columns]
    if len(set(names)) != len(names):
        raise QueryFault(f"two columns have one name: {names}")
    kinds = dict(columns)
    for name, kind in columns:
        if kind not in NUMBERS | TIMES | TEXTS:
            raise QueryFault(f"the column {name} is of a type ({kind}) that Grafana does not show")
    times = [name for name in names if kinds[name] in TIMES]
    numbers = [name for name in names if kinds[name] in NUMBERS]
    kind = panel.get("type")
    if form == "time_series":
        if "time" not in names or kinds["time"] not in TIMES | NUMBERS:
            raise QueryFault("has no column 'time'")
        if not [name for name in numbers if name != "time"]:
            raise QueryFault("has no number to draw")
        place = names.index("time")
        moments = [row[place] for row in rows]
        if any(moment is None for moment in moments):
            raise QueryFault("a row has no time")
        if any(a > b for a, b in zip(moments, moments[1:])):
            raise QueryFault("is not in the order of time")
        texts = [names.index(name) for name in names if kinds[name] in TEXTS]
        drawn = [(row[place], *(row[text] for text in texts)) for row in rows]
        if len(set(drawn)) != len(drawn):
            raise QueryFault("has two values of one series at one time")
    elif kind in ("timeseries", "state-timeline") and not times:
        raise QueryFault("has no column with a time")
    if kind == "bargauge" and (len(numbers) != 1 or len(names) < 2):
        raise QueryFault("a bar needs one number and a name")
    if kind == "stat" and len(rows) != 1:
        raise QueryFault(f"has {len(rows)} rows, and one is shown")
    for change in panel.get("transformations", []):
        for field in change.get("options", {}).get("fields", []) if change["id"] == "partitionByValues" else []:
            if field not in names:
                raise QueryFault(f"is split by {field}, which is no column")
    if kind in ("table", "stat"):
        for override in panel.get("fieldConfig", {}).get("overrides", []):
            matcher = override["matcher"]
            if matcher["id"] == "byName" and matcher["options"] not in names:
                raise QueryFault(f"there is a setting for the column {matcher['options']}, which does not exist")


def check_alert_shape(columns, rows):
    """Raises what keeps Grafana from making alerts of this answer: a number for each set of labels."""
    numbers = [name for name, kind in columns if kind in NUMBERS]
    if len(numbers) != 1 or any(kind not in NUMBERS | TEXTS for _, kind in columns):
        raise QueryFault("an alert needs one number, and texts beside it as labels")
    place = [name for name, _ in columns].index(numbers[0])
    labels = [tuple(value for index, value in enumerate(row) if index != place) for row in rows]
    if len(set(labels)) != len(labels):
        raise QueryFault("two rows have the same labels")
    if any(row[place] is None for row in rows):
        raise QueryFault("a row has no number")
