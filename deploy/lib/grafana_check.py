"""Looks at the dashboards, alerts and data sources as Grafana would; see deploy/grafana-check for what it is given."""

import os
import re
import sys

from grafana_files import Provisioning
from grafana_promql import Expression, Metrics, ask_prometheus, filled
from grafana_sql import Database, QueryFault, Range, Variable, check_alert_shape, check_shape, expand, interpolate

LABEL_VALUES = re.compile(r"label_values\((.+),\s*(\w+)\)")


class Check:
    def __init__(self, root, url, places):
        self.faults = []
        self.asked = 0
        self.empty = []
        self.slowest = (0, "")
        self.limit = float(os.environ.get("GRAFANA_CHECK_MILLISECONDS") or 1000)
        self.prometheus = os.environ.get("GRAFANA_CHECK_PROMETHEUS")
        self.needs_rows = os.environ.get("GRAFANA_CHECK_ROWS") == "1"
        self.files = Provisioning(root, self.faults)
        for fault in self.faults:
            print(f"FAULT  {fault}")
        self.metrics = Metrics(places) if places else None
        self.database = None
        if url:
            try:
                self.database = Database(url)
            except Exception as error:
                raise QueryFault(f"the database does not answer: {str(error).strip()}") from None
            for fault in self.database.faults_of_login():
                self.found("the login", fault)

    def found(self, where, fault):
        self.faults.append(f"{where}: {fault}")
        print(f"FAULT  {where}: {fault}")

    def run(self):
        for _, _, board in self.files.dashboards.values():
            name = board["title"]
            if self.database is None:
                self.expressions(name, board, {})
                continue
            begin = board["time"]["from"]
            spans = [Range.of(begin.removeprefix("now-"), begin), Range.of("1h", "1h"), Range.of("90d", "90d")]
            variables = self.variables(name, board, spans[0])
            for panel in self.files.panels(board):
                for target in panel.get("targets", []):
                    if "rawSql" in target:
                        self.query(f"{name} / {panel['title']}", panel, target, variables, spans)
            self.expressions(name, board, variables)
        for rule in self.files.rules.values():
            for step in rule["data"]:
                model = step["model"]
                where = f"alert / {rule['title']}"
                if "rawSql" in model and self.database is not None:
                    self.alert(where, model["rawSql"], Range("alert", step["relativeTimeRange"]["from"]))
                if "expr" in model:
                    self.expression(where, model["expr"], {}, None, rule)

    # SQL ---------------------------------------------------------------------------------------------------------------------

    def variables(self, name, board, span):
        """Every variable with the value that it has when the dashboard opens."""
        found = {}
        for variable in board["templating"]["list"]:
            where = f"{name} / variable {variable['name']}"
            many = bool(variable.get("multi") or variable.get("includeAll"))
            values = []
            try:
                if variable["type"] == "textbox":
                    values = [variable.get("query", "")]
                elif variable["datasource"]["type"] == "prometheus":
                    values = self.label_values(where, variable)
                else:
                    columns, rows, took = self.database.ask(expand(interpolate(variable["query"], found), span))
                    names = [column for column, _ in columns]
                    if "__value" not in names or "__text" not in names:
                        raise QueryFault(f"gives {names}, not __text and __value")
                    values = [str(row[names.index("__value")]) for row in rows]
                    self.told(where, [(span.label, len(rows), took)])
                    if len(set(values)) != len(values):
                        raise QueryFault("gives a value twice")
            except QueryFault as fault:
                self.found(where, fault)
            found[variable["name"]] = Variable(variable["name"], values if many else values[:1], many)
        return found

    def query(self, where, panel, target, variables, spans):
        if panel.get("timeFrom"):
            # It shows this time whatever the dashboard's is.
            spans = [Range.of(panel["timeFrom"], panel["timeFrom"])]
        results = []
        try:
            for span in spans:
                columns, rows, took = self.database.ask(expand(interpolate(target["rawSql"], variables), span))
                results.append((span.label, len(rows), took))
                check_shape(columns, rows, panel, target.get("format"))
        except QueryFault as fault:
            self.asked += 1
            self.found(where, fault)
            return
        self.told(where, results)

    def alert(self, where, text, span):
        try:
            columns, rows, took = self.database.ask(expand(interpolate(text, {}), span))
            check_alert_shape(columns, rows)
        except QueryFault as fault:
            self.asked += 1
            self.found(where, fault)
            return
        self.told(where, [("now", len(rows), took)])

    def told(self, where, results):
        self.asked += 1
        rows = max(count for _, count, _ in results)
        print(f"ok     {where}: " + ", ".join(f"{label} {count} rows {took:.0f} ms" for label, count, took in results))
        self.slowest = max(self.slowest, *((took, f"{where} over {label}") for label, _, took in results))
        for label, _, took in results:
            if took > self.limit:
                self.found(where, f"takes {took:.0f} ms over {label}, more than {self.limit:.0f} ms")
        if rows == 0:
            self.empty.append(where)
            if self.needs_rows:
                self.found(where, "has no rows")

    # PromQL ------------------------------------------------------------------------------------------------------------------

    def label_values(self, where, variable):
        text = variable["query"]["query"]
        match = LABEL_VALUES.fullmatch(text)
        if not match:
            raise QueryFault(f"'{text}' is no label_values(metric, label)")
        expression = Expression(match.group(1), self.metrics, self.files.jobs)
        expression.known({match.group(2)}, expression.result, "label_values")
        if expression.faults:
            raise QueryFault("; ".join(expression.faults))
        print(f"ok     {where}: {text}")
        self.asked += 1
        return [variable["allValue"]] if variable.get("allValue") else ["127.0.0.1:8099"]

    def expressions(self, name, board, variables):
        for variable in board["templating"]["list"]:
            variables.setdefault(variable["name"], Variable(variable["name"], [".*"], False))
        for panel in self.files.panels(board):
            for target in panel.get("targets", []):
                if "expr" in target:
                    self.expression(f"{name} / {panel['title']} / {target['refId']}", target["expr"], variables, target, None)

    def expression(self, where, text, variables, target, rule):
        self.asked += 1
        try:
            text = filled(text, variables)
            expression = Expression(text, self.metrics, self.files.jobs)
            if target is not None:
                expression.check_legend(target.get("legendFormat"))
            elif self.metrics is not None:
                named = re.findall(r"\.Labels\.(\w+)", rule["annotations"]["summary"] + rule["annotations"]["description"])
                for label in set(named) - expression.result:
                    raise QueryFault(f"its message names the label {label}, which the result does not have")
            series = ask_prometheus(self.prometheus, text) if self.prometheus else None
        except QueryFault as fault:
            self.found(where, fault)
            return
        print(f"ok     {where}: {', '.join(sorted(expression.names))}" + (f"; {series} series" if series is not None else ""))


def main():
    root, url, places = sys.argv[1], (sys.argv[2] if len(sys.argv) > 2 else None), sys.argv[3:]
    try:
        check = Check(root, url, places)
        check.run()
    except (QueryFault, OSError) as fault:
        print(f"FAULT  {fault}")
        print("The check could not be made.")
        return 1
    if check.empty:
        print("Without rows: " + "; ".join(check.empty))
    if check.slowest[1]:
        print(f"The slowest: {check.slowest[0]:.0f} ms, {check.slowest[1]}")
    print(f"{check.files.files} files, {check.asked} queries and expressions, {len(check.faults)} faults")
    return 1 if check.faults else 0


sys.exit(main())
