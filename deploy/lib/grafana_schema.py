"""Whether a dashboard says what Grafana knows: its settings and their choices, by the schema that Grafana publishes of 10.1.

A setting that is misspelt, or that came with a later release, is ignored by Grafana without a word; here it is a fault."""

import enum
import importlib
import inspect
import re
import types
import typing

from grafana_foundation_sdk.models import common, dashboard, prometheus, units

# Where the settings of each kind of panel are described.
MODULES = {"stat": "stat", "table": "table", "timeseries": "timeseries", "bargauge": "bargauge", "state-timeline": "statetimeline"}
UNITS = set(re.findall(r'= "([^"]+)"', inspect.getsource(units)))


def plain(name):
    """A setting's name without what JSON and the SDK write differently: reduceOptions is reduce_options, type is type_val there."""
    return name.removesuffix("_val").replace("_", "").lower()


def strange(value, kind, path):
    """The settings below value that kind does not have, and choices that are none."""
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        known = [one for one in typing.get_args(kind) if one is not type(None)]
        # Of several forms any may be meant.
        return strange(value, known[0], path) if len(known) == 1 else []
    if typing.get_origin(kind) is list and isinstance(value, list):
        return [one for index, part in enumerate(value) for one in strange(part, typing.get_args(kind)[0], f"{path}[{index}]")]
    if inspect.isclass(kind) and issubclass(kind, enum.Enum):
        choices = [choice.value for choice in kind]
        return [] if value in choices else [f"{path} is {value!r}, which is none of {choices}"]
    if not (inspect.isclass(kind) and hasattr(kind, "from_json") and isinstance(value, dict)):
        return []
    hints = {plain(name): hint for name, hint in typing.get_type_hints(kind).items()}
    found = []
    for key, part in value.items():
        if plain(key) not in hints:
            found.append(f"{path}.{key} is no setting of {kind.__name__}")
        else:
            found += strange(part, hints[plain(key)], f"{path}.{key}")
    return found


def faults_of_panel(panel):
    """What Grafana would not understand of a panel."""
    if panel.get("type") == "row":
        return strange(panel, dashboard.RowPanel, "row")
    if panel.get("type") not in MODULES:
        return [f"is of the type {panel.get('type')}, of which this check has no description"]
    module = importlib.import_module(f"grafana_foundation_sdk.models.{MODULES[panel['type']]}")
    custom = common.TableFieldOptions if panel["type"] == "table" else getattr(module, "FieldConfig", None)
    found = strange(panel, dashboard.Panel, "panel") + strange(panel.get("options", {}), module.Options, "options")
    defaults = panel.get("fieldConfig", {}).get("defaults", {})
    properties = [(f"custom.{key}", value) for key, value in defaults.get("custom", {}).items()]
    properties += [(key, value) for key, value in defaults.items() if key != "custom"]
    for override in panel.get("fieldConfig", {}).get("overrides", []):
        properties += [(one["id"], one["value"]) for one in override["properties"]]
    for key, value in properties:
        if key == "unit" and value not in UNITS:
            found.append(f"the unit {value} is unknown")
        if key.startswith("custom."):
            # Bars and numbers have no settings of their own.
            found += strange({key[7:]: value}, custom, "custom") if custom else [f"{key} is no setting of a {panel['type']}"]
        else:
            found += strange({key: value}, dashboard.FieldConfig, "field")
    for target in panel.get("targets", []):
        if "expr" in target:
            found += strange(target, prometheus.Dataquery, f"query {target.get('refId')}")
    return found


def faults_of_dashboard(board):
    """What Grafana would not understand of a dashboard, but for its panels."""
    return strange({key: value for key, value in board.items() if key != "panels"}, dashboard.Dashboard, "dashboard")
