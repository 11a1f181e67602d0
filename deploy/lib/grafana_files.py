"""The files that Grafana and Prometheus read, and what must hold in them whatever a server says."""

import json
import pathlib
import re

import yaml

from grafana_schema import faults_of_dashboard, faults_of_panel

MOST_PANELS = 12
UID = re.compile(r"^[A-Za-z0-9_-]{1,40}$")
DURATION = re.compile(r"^[0-9]+[smhdw]$")
# How Grafana writes a variable: $name, ${name}, ${name:format}, [[name]].
VARIABLE = re.compile(r"\$(\w+)|\[\[(\w+?)(?::(\w+))?\]\]|\$\{(\w+)(?:\.[^:^}]+)?(?::([^}]+))?\}")


class Provisioning:
    """Everything below a directory that is laid out as deploy, with the faults of the files themselves."""

    def __init__(self, root, faults):
        self.root = pathlib.Path(root)
        self.faults = faults
        self.files = 0
        grafana = self.root / "grafana" / "provisioning"
        self.sources = self.read_sources(sorted((grafana / "datasources").glob("*.y*ml")))
        self.dashboards = self.read_dashboards(sorted((grafana / "dashboards").rglob("*.json")))
        self.rules = self.read_rules(sorted((grafana / "alerting").glob("*.y*ml")))
        self.read_providers(sorted((grafana / "dashboards").glob("*.y*ml")))
        self.jobs = self.read_prometheus(self.root / "prometheus" / "prometheus.yml")

    def fault(self, where, what):
        self.faults.append(f"{where}: {what}")

    def load(self, path):
        self.files += 1
        name = str(path.relative_to(self.root))
        try:
            text = path.read_text(encoding="utf-8")
            content = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
        except (OSError, ValueError, yaml.YAMLError) as error:
            self.fault(name, f"cannot be read: {error}")
            return name, None
        if not isinstance(content, dict):
            self.fault(name, "holds no object")
            return name, None
        return name, content

    def provisioned(self, paths):
        """The path, name and content of each provisioning file that can be read."""
        for path in paths:
            name, content = self.load(path)
            if content is None:
                continue
            if content.get("apiVersion") != 1:
                self.fault(name, "apiVersion is not 1")
            yield path, name, content

    # Data sources and providers ------------------------------------------------------------------------------------------

    def read_sources(self, paths):
        sources = {}
        readme = self.root.parent / "README.md"
        described = readme.read_text(encoding="utf-8") if readme.exists() else None
        for path, name, content in self.provisioned(paths):
            for source in content.get("datasources", []):
                uid = source.get("uid", "")
                if not UID.match(uid):
                    self.fault(name, f"the uid '{uid}' of a data source is none")
                if uid in sources:
                    self.fault(name, f"two data sources have the uid {uid}")
                sources[uid] = source.get("type")
                if "$" not in source.get("url", ""):
                    self.fault(name, f"the url of {uid} is not taken from the environment")
                if "password" in source.get("secureJsonData", {}) and not source["secureJsonData"]["password"].startswith("$"):
                    self.fault(name, f"the password of {uid} stands in the file")
            for variable in re.findall(r"\$\{?([A-Z][A-Z0-9_]+)", path.read_text(encoding="utf-8")):
                if described is not None and variable not in described:
                    self.fault(name, f"the README does not tell of {variable}")
        if not sources:
            self.fault("grafana", "there is no data source")
        return sources

    def read_providers(self, paths):
        found = set()
        for path in paths:
            name, content = self.load(path)
            for provider in (content or {}).get("providers", []):
                place = provider.get("options", {}).get("path", "")
                found.add(place.rsplit("/", 1)[-1])
                if not place.startswith("/etc/grafana/provisioning/dashboards/"):
                    self.fault(name, f"the dashboards are looked for in '{place}'")
        for path in {path.parent.name for path, *_ in self.dashboards.values()} - found:
            self.fault("grafana", f"no provider names the directory {path} of dashboards")

    # Dashboards ------------------------------------------------------------------------------------------------------------

    def read_dashboards(self, paths):
        dashboards = {}
        for path in paths:
            name, board = self.load(path)
            if board is None:
                continue
            uid = board.get("uid", "")
            if not UID.match(uid or ""):
                self.fault(name, f"the uid '{uid}' is none")
            if uid in dashboards:
                self.fault(name, f"the uid {uid} is also that of {dashboards[uid][1]}")
            if board.get("id") is not None:
                self.fault(name, "has an id, which is the server's to give")
            for key in ("title", "description", "schemaVersion", "time", "panels"):
                if not board.get(key):
                    self.fault(name, f"has no {key}")
            for fault in faults_of_dashboard(board):
                self.fault(name, fault)
            dashboards[uid] = (path, name, board)
            self.check_variables(name, board)
            self.check_panels(name, board)
        if not dashboards:
            self.fault("grafana", "there is no dashboard")
        return dashboards

    def check_source(self, where, source):
        if not isinstance(source, dict) or source.get("uid") not in self.sources:
            self.fault(where, f"the data source {source} does not exist")
        elif source.get("type") != self.sources[source["uid"]]:
            kind = self.sources[source["uid"]]
            self.fault(where, f"the data source {source['uid']} is of the type {kind}, not {source.get('type')}")

    def check_variables(self, name, board):
        names = [variable.get("name") for variable in board.get("templating", {}).get("list", [])]
        for twice in {one for one in names if names.count(one) > 1}:
            self.fault(name, f"two variables are called {twice}")
        for position, variable in enumerate(board.get("templating", {}).get("list", [])):
            where = f"{name} / variable {variable.get('name')}"
            if variable.get("type") == "query":
                self.check_source(where, variable.get("datasource"))
                # Grafana asks in the order of their dependences; a variable that needs a later one cannot be drawn in a line.
                for used in self.used_variables(json.dumps(variable.get("query"))):
                    if used in names[position:]:
                        self.fault(where, f"uses ${used}, which comes after it")
            elif variable.get("type") != "textbox":
                self.fault(where, f"is of the type {variable.get('type')}, which this check does not know")

    @staticmethod
    def used_variables(text):
        return {next(filter(None, (m.group(1), m.group(2), m.group(4)))) for m in VARIABLE.finditer(text)}

    @staticmethod
    def panels(board):
        """Every panel, also those inside of a row that is folded."""
        for panel in board.get("panels", []):
            yield panel
            yield from panel.get("panels", [])

    def check_panels(self, name, board):
        panels = list(self.panels(board))
        ids = [panel.get("id") for panel in panels]
        for twice in {one for one in ids if ids.count(one) > 1}:
            self.fault(name, f"two panels have the id {twice}")
        shown = [panel for panel in panels if panel.get("type") != "row"]
        if len(shown) > MOST_PANELS:
            self.fault(name, f"has {len(shown)} panels; more than {MOST_PANELS} are not looked at")
        if panels and panels[0].get("type") != "row":
            self.fault(name, "does not begin with a row")
        taken = []
        for panel in panels:
            where = f"{name} / {panel.get('title')}"
            for fault in faults_of_panel(panel):
                self.fault(where, fault)
            if not panel.get("title"):
                self.fault(where, f"panel {panel.get('id')} has no title")
            self.check_place(where, panel, taken)
            if panel.get("type") != "row":
                self.check_panel(where, panel)

    def check_place(self, where, panel, taken):
        place = panel.get("gridPos", {})
        try:
            x, y, w, h = (place[key] for key in "xywh")
        except KeyError:
            self.fault(where, "has no place on the grid")
            return
        if w < 1 or h < 1 or x < 0 or y < 0 or x + w > 24:
            self.fault(where, f"does not fit on the grid: {place}")
        for other, (ox, oy, ow, oh) in taken:
            if x < ox + ow and ox < x + w and y < oy + oh and oy < y + h:
                self.fault(where, f"lies over {other}")
        taken.append((panel.get("title"), (x, y, w, h)))

    def check_panel(self, where, panel):
        if not panel.get("description"):
            self.fault(where, "has no description")
        self.check_source(where, panel.get("datasource"))
        targets = panel.get("targets", [])
        if not targets:
            self.fault(where, "asks nothing")
        references = [target.get("refId") for target in targets]
        if len(set(references)) != len(references):
            self.fault(where, f"two queries have one refId: {references}")
        for target in targets:
            self.check_source(where, target.get("datasource"))

    # Alerts ------------------------------------------------------------------------------------------------------------------

    def read_rules(self, paths):
        rules = {}
        groups = set()
        for _, name, content in self.provisioned(paths):
            for group in content.get("groups", []):
                label = f"{group.get('folder')} / {group.get('name')}"
                if label in groups or not group.get("name") or not group.get("folder"):
                    self.fault(name, f"the group {label} has no name, or one that is taken")
                groups.add(label)
                if not DURATION.match(str(group.get("interval", ""))):
                    self.fault(name, f"the interval of the group {label} is none")
                for rule in group.get("rules", []):
                    self.check_rule(name, rule, rules)
        if not rules:
            self.fault("grafana", "there is no alert rule")
        return rules

    def check_rule(self, name, rule, rules):
        uid = rule.get("uid", "")
        where = f"{name} / {rule.get('title')}"
        if not UID.match(uid) or uid in rules:
            self.fault(where, f"the uid '{uid}' is none, or is taken")
        if rule.get("title") in {known["title"] for known in rules.values()}:
            self.fault(where, "another rule of the folder has this title")
        rules[uid] = rule
        steps = {step.get("refId"): step for step in rule.get("data", [])}
        if rule.get("condition") not in steps:
            self.fault(where, f"the condition {rule.get('condition')} is none of its steps")
        if not DURATION.match(str(rule.get("for", ""))):
            self.fault(where, "does not say for how long")
        if rule.get("noDataState") not in ("NoData", "OK", "Alerting", "KeepLast"):
            self.fault(where, f"noDataState is {rule.get('noDataState')}")
        if rule.get("execErrState") not in ("Error", "OK", "Alerting", "KeepLast"):
            self.fault(where, f"execErrState is {rule.get('execErrState')}")
        if "severity" not in rule.get("labels", {}):
            self.fault(where, "has no severity")
        annotations = rule.get("annotations", {})
        for key in ("summary", "description"):
            if not annotations.get(key):
                self.fault(where, f"has no {key}")
        for key, value in [("title", rule.get("title", "")), *annotations.items(), *rule.get("labels", {}).items()]:
            # Grafana puts the environment in here before it looks at templates; {{ .Labels.x }} says the same without.
            if "$" in str(value):
                self.fault(where, f"'$' in {key} is taken for a variable of the environment")
        self.check_target(where, rule, annotations)
        for step in steps.values():
            model = step.get("model", {})
            if model.get("refId") != step.get("refId"):
                self.fault(where, f"the refId of step {step.get('refId')} differs from that of its model")
            if step.get("datasourceUid") == "__expr__":
                if model.get("expression") not in steps:
                    self.fault(where, f"looks at the step {model.get('expression')}, which does not exist")
                if model.get("type") != "threshold" or not model.get("conditions", [{}])[0].get("evaluator", {}).get("params"):
                    self.fault(where, "has no threshold")
            else:
                self.check_source(where, {"uid": step.get("datasourceUid"), "type": model.get("datasource", {}).get("type")})
                if model.get("datasource", {}).get("uid") != step.get("datasourceUid"):
                    self.fault(where, "names two data sources in one step")
                if not step.get("relativeTimeRange", {}).get("from"):
                    self.fault(where, "has no range of time")

    def check_target(self, where, rule, annotations):
        uid, panel = rule.get("dashboardUid"), rule.get("panelId")
        if (annotations.get("__dashboardUid__"), annotations.get("__panelId__")) != (uid, str(panel)):
            self.fault(where, "its annotations lead elsewhere than dashboardUid and panelId")
        if uid not in self.dashboards:
            self.fault(where, f"leads to the dashboard {uid}, which does not exist")
        elif panel not in {one.get("id") for one in self.panels(self.dashboards[uid][2]) if one.get("type") != "row"}:
            self.fault(where, f"leads to panel {panel} of {uid}, which does not exist")

    # Prometheus --------------------------------------------------------------------------------------------------------------

    def read_prometheus(self, path):
        name, content = self.load(path)
        jobs = [job.get("job_name") for job in (content or {}).get("scrape_configs", [])]
        if len(set(jobs)) != len(jobs) or not jobs:
            self.fault(name, f"the jobs {jobs} have no names of their own")
        return set(jobs)
