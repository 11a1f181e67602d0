"""PromQL against what a bridge really exposes: names, labels, and counters where a rate is taken."""

import json
import re
import urllib.parse
import urllib.request

import promql_parser

from grafana_files import VARIABLE
from grafana_sql import QueryFault

# What Prometheus itself makes of a scrape.
OWN = ("up", "scrape_duration_seconds", "scrape_samples_scraped", "scrape_samples_post_metric_relabeling", "scrape_series_added")
TARGET = {"job", "instance"}
OF_COUNTERS = {"rate", "increase", "irate", "resets"}
SERIES = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+\d+)?$")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')


class Metrics:
    """The metrics of one or more expositions, with their types and labels as Prometheus stores them."""

    def __init__(self, places):
        self.types = {}
        self.labels = {name: set(TARGET) for name in OWN}
        self.values = {}
        for place in places:
            self.read(self.fetch(place), place)
        if len(self.labels) == len(OWN):
            raise QueryFault(f"there are no metrics in {', '.join(places)}")

    @staticmethod
    def fetch(place):
        if not place.startswith(("http://", "https://")):
            with open(place, encoding="utf-8") as file:
                return file.read()
        with urllib.request.urlopen(place, timeout=10) as answer:
            return answer.read().decode()

    def read(self, text, place):
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ", 3)
                self.types[name] = kind
                for suffix in ("_bucket", "_sum", "_count") if kind == "histogram" else ("",):
                    self.labels.setdefault(name + suffix, set(TARGET))
                    self.types[name + suffix] = "counter" if kind == "histogram" else kind
            elif line and not line.startswith("#"):
                match = SERIES.match(line)
                if not match:
                    raise QueryFault(f"{place}: '{line}' is no line of metrics")
                name = match.group(1)
                for label, value in LABEL.findall(match.group(2) or ""):
                    # Prometheus keeps a label of the target's name under another one, unless it is told to honour it.
                    label = f"exported_{label}" if label in TARGET else label
                    self.labels.setdefault(name, set(TARGET)).add(label)
                    self.values.setdefault((name, label), set()).add(value)


def filled(text, variables):
    """Puts in what Grafana puts in: the intervals, and variables as regular expressions."""

    def replaced(match):
        name = match.group(1) or match.group(2) or match.group(4)
        if name in ("__rate_interval", "__interval"):
            return "1m"
        if name == "__range":
            return "6h"
        if name not in variables:
            raise QueryFault(f"${name} is no variable")
        values = variables[name].values
        return values[0] if len(values) == 1 else "(" + "|".join(re.escape(value) for value in values) + ")"

    return VARIABLE.sub(replaced, text)


class Expression:
    """A parsed expression and what is wrong with it."""

    def __init__(self, text, metrics, jobs):
        self.metrics, self.jobs = metrics, jobs
        self.names = set()
        self.faults = []
        try:
            tree = promql_parser.parse(text)
        except (ValueError, TypeError) as error:
            raise QueryFault(f"cannot be parsed: {str(error).strip().splitlines()[0]}") from None
        # The labels that the result has; None where everything that goes in comes out.
        self.result = self.walk(tree, None)
        if self.faults:
            raise QueryFault("; ".join(dict.fromkeys(self.faults)))

    def walk(self, node, function):
        """The labels of the node's result."""
        if isinstance(node, promql_parser.VectorSelector):
            return self.selector(node, function)
        if isinstance(node, promql_parser.MatrixSelector):
            return self.selector(node.vector_selector, function)
        if isinstance(node, promql_parser.Call):
            found = [self.walk(argument, node.func.name) for argument in node.args]
            return set().union(*found) - ({"le"} if node.func.name == "histogram_quantile" else set())
        if isinstance(node, promql_parser.AggregateExpr):
            inner = self.walk(node.expr, None)
            if node.param is not None and isinstance(node.param, promql_parser.Expr):
                self.walk(node.param, None)
            if node.modifier is None:
                return set()
            named = set(node.modifier.labels)
            self.known(named, inner, f"'{node.modifier}'")
            return named if node.modifier.type == promql_parser.AggModifierType.By else inner - named
        if isinstance(node, promql_parser.BinaryExpr):
            left, right = self.walk(node.lhs, None), self.walk(node.rhs, None)
            if node.modifier and node.modifier.matching:
                self.known(set(node.modifier.matching.labels), left | right, f"'{node.modifier}'")
            return left | right
        if isinstance(node, (promql_parser.ParenExpr, promql_parser.UnaryExpr, promql_parser.SubqueryExpr)):
            return self.walk(node.expr, function)
        return set()

    def known(self, named, labels, where):
        if self.metrics is not None:
            for label in sorted(named - labels):
                self.faults.append(f"{where} names the label {label}, which is not there")

    def selector(self, node, function):
        name = node.name
        if not name:
            self.faults.append("a selector has no metric's name")
            return set()
        self.names.add(name)
        for matcher in node.matchers.matchers:
            if matcher.name == "job" and matcher.op == promql_parser.MatchOp.Equal and matcher.value not in self.jobs:
                self.faults.append(f"no job of prometheus.yml is called {matcher.value}")
        if self.metrics is None:
            return set()
        if name not in self.metrics.labels:
            self.faults.append(f"no bridge exposes {name}")
            return set()
        labels = self.metrics.labels[name]
        for matcher in node.matchers.matchers:
            if matcher.name not in labels:
                self.faults.append(f"{name} has no label {matcher.name}")
            known = self.metrics.values.get((name, matcher.name))
            if known and matcher.op == promql_parser.MatchOp.Equal and matcher.value not in known:
                self.faults.append(f"{name} is never with {matcher.name}=\"{matcher.value}\"")
        if function in OF_COUNTERS and self.metrics.types.get(name) != "counter":
            self.faults.append(f"{function}() of {name}, which is a {self.metrics.types.get(name, 'gauge')} and no counter")
        if function not in OF_COUNTERS and self.metrics.types.get(name) == "histogram":
            self.faults.append(f"{name} is a histogram")
        return labels

    def check_legend(self, legend):
        """Raises when the legend names a label that the result does not have."""
        if self.metrics is None:
            return
        for label in re.findall(r"\{\{\s*(\w+)\s*\}\}", legend or ""):
            if label not in self.result:
                raise QueryFault(f"the legend names the label {label}, which the result does not have")


def ask_prometheus(url, text):
    """How many series a real Prometheus finds for it."""
    query = url.rstrip("/") + "/api/v1/query?" + urllib.parse.urlencode({"query": text})
    try:
        with urllib.request.urlopen(query, timeout=10) as answer:
            return len(json.load(answer)["data"]["result"])
    except urllib.error.HTTPError as error:
        raise QueryFault(f"Prometheus refuses it: {json.load(error).get('error')}") from None
