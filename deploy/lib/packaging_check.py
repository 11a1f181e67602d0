"""What no schema says about deploy/systemd, deploy/kubernetes and deploy/addon: that what is named exists, that settings are those of
the program, that nothing asks for rights, that every option has its words in each language.

usage: packaging_check.py ROOT
Prints a line for each fault; the exit code is 0 only when there is none.
"""

import glob
import os
import re
import struct
import sys

import yaml

ROOT = sys.argv[1]
faults = []


def fault(place, text):
    faults.append(f"{place}: {text}")


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def documents(path):
    return [document for document in yaml.safe_load_all(read(path)) if document]


def relative(pattern):
    return sorted(os.path.relpath(path, ROOT) for path in glob.glob(os.path.join(ROOT, pattern), recursive=True))


# --- settings are those of the program -------------------------------------------------------------------------------

source = read("Sources/BridgeCommand/Configuration/SettingName.swift")
keys = set()
for line in re.findall(r"^    case (.+)$", source, re.MULTILINE):
    for case in line.split(","):
        name, _, raw = case.partition("=")
        keys.add(raw.strip().strip('"') or name.strip())
if len(keys) < 20 or "database_url" not in keys:
    fault("SettingName.swift", "is not as this check reads it")
variables = {"DATABASE_URL"} | {"HA_BRIDGE_" + key.upper() for key in keys - {"database_url"}}
# Variables of the scripts here, which the program never sees.
OWN = re.compile(r"^HA_BRIDGE_(TEST_\w+)$")
packaged = relative("deploy/systemd/*") + relative("deploy/kubernetes/**/*.yaml") + [
    path for path in relative("deploy/addon/**/*") if os.path.isfile(os.path.join(ROOT, path)) and not path.endswith(".png")]
for path in packaged:
    for name in set(re.findall(r"\bHA_BRIDGE_[A-Z_]+\b", read(path))):
        if name not in variables and not OWN.match(name):
            fault(path, f"there is no setting {name}")
example = read("deploy/systemd/config.yaml.example")
for name in re.findall(r"^(?:# )?([a-z_]+):", example, re.MULTILINE):
    if name not in keys:
        fault("config.yaml.example", f"there is no setting {name}")

# --- Kubernetes ------------------------------------------------------------------------------------------------------

objects = {}
pods = []
for path in relative("deploy/kubernetes/**/*.yaml"):
    if os.path.basename(path) == "kustomization.yaml":
        kustomization = documents(path)[0]
        for resource in kustomization["resources"]:
            if not os.path.exists(os.path.join(ROOT, os.path.dirname(path), resource)):
                fault(path, f"there is no {resource}")
        named = {image["name"] for image in kustomization.get("images", [])}
        if named != {"ha-bridge"}:
            fault(path, f"the images are {named}")
        continue
    for document in documents(path):
        kind, name = document["kind"], document["metadata"]["name"]
        if (kind, name) in objects:
            fault(path, f"{kind} {name} is there twice")
        objects[kind, name] = document
        if kind != "Namespace" and document["metadata"].get("namespace") != "ha-bridge":
            fault(path, f"{kind} {name} is in no namespace, or another")
        if kind in ("StatefulSet", "Deployment", "Job"):
            pods.append((path, document))
listed = set(documents("deploy/kubernetes/kustomization.yaml")[0]["resources"])
for path in relative("deploy/kubernetes/*.yaml"):
    if os.path.basename(path) not in listed | {"kustomization.yaml"}:
        fault(path, "no kustomization applies it")


def exists(path, kind, name):
    if (kind, name) not in objects:
        fault(path, f"there is no {kind} {name}")
    return objects.get((kind, name), {})


def mounted(path, kind, name, items):
    found = exists(path, kind, name)
    data = {**found.get("data", {}), **found.get("stringData", {})}
    for item in items or []:
        if item["key"] not in data:
            fault(path, f"{kind} {name} has no {item['key']}")


def restricted(path, pod):
    """The strictest of Kubernetes' pod security standards, and a read-only root."""
    outer = pod.get("securityContext", {})
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(key):
            fault(path, key)
    if pod.get("automountServiceAccountToken") is not False:
        fault(path, "the pod gets a token of the cluster")
    for container in pod.get("initContainers", []) + pod["containers"]:
        place = f"{path}: {container['name']}"
        context = {**outer, **container.get("securityContext", {})}
        if context.get("runAsNonRoot") is not True or context.get("runAsUser") != 10001:
            fault(place, "does not run as 10001")
        if context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            fault(place, "no seccomp profile")
        if context.get("allowPrivilegeEscalation") is not False or context.get("privileged"):
            fault(place, "may get more rights")
        if context.get("capabilities") != {"drop": ["ALL"]}:
            fault(place, "keeps capabilities")
        if context.get("readOnlyRootFilesystem") is not True:
            fault(place, "may write to its root")
        resources = container.get("resources", {})
        if not {"cpu", "memory"} <= set(resources.get("requests", {})) or "memory" not in resources.get("limits", {}):
            fault(place, "no request or no limit of memory")
        if container["image"] != "ha-bridge":
            fault(place, f"the image is {container['image']}, which no kustomization names")
        volumes = {volume["name"] for volume in pod.get("volumes", [])} | {
            template["metadata"]["name"] for template in pod.get("templates", [])}
        for mount in container.get("volumeMounts", []):
            if mount["name"] not in volumes:
                fault(place, f"there is no volume {mount['name']}")
        for reference in container.get("envFrom", []):
            exists(place, "ConfigMap", reference["configMapRef"]["name"])


labels = {}
for path, document in pods:
    template = document["spec"]["template"]
    pod = dict(template["spec"], templates=document["spec"].get("volumeClaimTemplates", []))
    labels[document["metadata"]["name"]] = template["metadata"]["labels"]
    restricted(path, pod)
    exists(path, "ServiceAccount", pod["serviceAccountName"])
    for volume in pod.get("volumes", []):
        if "secret" in volume:
            mounted(path, "Secret", volume["secret"]["secretName"], volume["secret"].get("items"))
        if "configMap" in volume:
            mounted(path, "ConfigMap", volume["configMap"]["name"], volume["configMap"].get("items"))

bridge = exists("statefulset.yaml", "StatefulSet", "ha-bridge")
if bridge:
    spec = bridge["spec"]
    if spec["replicas"] < 2:
        fault("statefulset.yaml", "one bridge has nobody to take its houses over")
    exists("statefulset.yaml", "Service", spec["serviceName"])
    container = spec["template"]["spec"]["containers"][0]
    ports = {port["name"] for port in container["ports"]}
    for probe, page in (("startupProbe", "/livez"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
        asked = container.get(probe, {}).get("httpGet", {})
        if asked.get("path") != page or asked.get("port") not in ports:
            fault("statefulset.yaml", f"the {probe} asks for {asked}")
    if not any(mount["mountPath"] == "/var/lib/ha-bridge" and mount["name"] == "state" for mount in container["volumeMounts"]):
        fault("statefulset.yaml", "the state has no volume")
    selectors = [("statefulset.yaml", spec["selector"]["matchLabels"])]
    selectors += [("topology", one["labelSelector"]["matchLabels"]) for one in spec["template"]["spec"]["topologySpreadConstraints"]]
    selectors += [(name, thing["spec"]["selector"]) for (kind, name), thing in objects.items() if kind == "Service"]
    selectors += [(name, thing["spec"]["selector"]["matchLabels"]) for (kind, name), thing in objects.items() if kind == "PodDisruptionBudget"]
    if sum(kind == "PodDisruptionBudget" for kind, _ in objects) != 1:
        fault("kubernetes", "there is no budget for disruptions")
    for place, selector in selectors:
        if not selector.items() <= labels["ha-bridge"].items():
            fault(place, f"selects {selector}, which the bridges are not")
        if place != "ha-bridge-migrate" and selector.items() <= labels.get("ha-bridge-migrate", {}).items():
            fault(place, "selects the migration, too")
    for (kind, name), thing in objects.items():
        if kind == "Service" and any(port["targetPort"] not in ports for port in thing["spec"]["ports"]):
            fault(name, "leads to a port that the bridge does not have")
        if kind == "NetworkPolicy":
            for pod_labels in labels.values():
                if not thing["spec"]["podSelector"]["matchLabels"].items() <= pod_labels.items():
                    fault(name, f"leaves {pod_labels} open")
    settings = exists("statefulset.yaml", "ConfigMap", "ha-bridge").get("data", {})
    if "DATABASE_URL" in settings:
        fault("configmap.yaml", "holds the login of the database")
policies = [thing for (kind, _), thing in objects.items() if kind == "NetworkPolicy"]
if not policies or any(set(thing["spec"]["policyTypes"]) != {"Ingress", "Egress"} for thing in policies):
    fault("networkpolicy.yaml", "does not speak of both directions")

# --- the add-on ------------------------------------------------------------------------------------------------------

config = documents("deploy/addon/config.yaml")[0]
# As the Supervisor reads it: the members, the kinds of options, the words of each.
MEMBERS = {
    "name": str, "version": str, "slug": str, "description": str, "arch": list, "homeassistant": str, "startup": str, "timeout": int,
    "homeassistant_api": bool, "ingress": bool, "panel_icon": str, "panel_title": str, "ports": dict, "backup_exclude": list,
    "options": dict, "schema": dict,
}
ELEMENT = re.compile(
    r"^(?:bool|email|url|port|str(?:\((?:\d+)?,(?:\d+)?\))?|password(?:\((?:\d+)?,(?:\d+)?\))?|int(?:\((?:\d+)?,(?:\d+)?\))?"
    r"|float(?:\((?:[\d.]+)?,(?:[\d.]+)?\))?|match\((?P<match>.*)\)|list\((?P<list>.+)\))\??$")
for name, kind in MEMBERS.items():
    if type(config.get(name)) is not kind:
        fault("config.yaml", f"{name} must be a {kind.__name__}, not {config.get(name)!r}")
for name in set(config) - set(MEMBERS):
    fault("config.yaml", f"nobody has looked at {name}")
version = re.search(r'let string = "([^"]+)"', read("Sources/BridgeCore/BridgeVersion.swift")).group(1)
for place, found in (("config.yaml", config["version"]), ("CHANGELOG.md", re.search(r"^## (\S+)", read("deploy/addon/CHANGELOG.md"), re.M).group(1))):
    if found != version:
        fault(place, f"is of {found}, the program of {version}")
if not re.fullmatch(r"[-_.A-Za-z0-9]+", config["slug"]) or not set(config["arch"]) <= {"aarch64", "amd64"}:
    fault("config.yaml", "slug or architectures")
if config["startup"] not in ("initialize", "system", "services", "application", "once") or not 10 <= config["timeout"] <= 300:
    fault("config.yaml", "startup or timeout")
if not config["homeassistant_api"] or not config["ingress"]:
    fault("config.yaml", "the Supervisor's token or ingress is missing")
build = documents("deploy/addon/build.yaml")[0]
if set(build["build_from"]) != set(config["arch"]):
    fault("build.yaml", "has other architectures than config.yaml")
schema = config["schema"]


def fits(kind, value):
    """Whether the Supervisor takes a value for an option of this kind."""
    bounds = re.match(r"(int|float)\((.*),(.*)\)", kind)
    if kind.startswith("bool"):
        return isinstance(value, bool)
    if kind.startswith(("int", "float")):
        low, high = (bounds.group(2), bounds.group(3)) if bounds else ("", "")
        return isinstance(value, (int, float)) and (not low or value >= float(low)) and (not high or value <= float(high))
    if kind.startswith("list("):
        return value in ELEMENT.match(kind).group("list").split("|")
    if kind.startswith("match("):
        return re.match(ELEMENT.match(kind).group("match"), value) is not None
    return isinstance(value, str) and (not kind.startswith("email") or "@" in value)


for name, kind in schema.items():
    single = kind[0] if isinstance(kind, list) else kind
    if not ELEMENT.match(single):
        fault("config.yaml", f"the option {name} is of no kind that there is: {single}")
    elif name in config["options"] and not fits(single, config["options"][name]):
        fault("config.yaml", f"the default of {name} does not fit {single}")
    if not single.endswith("?") and name not in config["options"] and name != "database_url":
        fault("config.yaml", f"{name} is demanded and has no default")
for name in set(config["options"]) - set(schema):
    fault("config.yaml", f"the default {name} is of no option")
script = read("deploy/addon/run")
for name in schema:
    if not re.search(rf"\b{name}\b", script):
        fault("run", f"does not look at the option {name}")
levels = re.search(r"list\((.*)\)", schema["log_level"]).group(1).split("|")
if levels != ["trace", "debug", "info", "notice", "warning", "error", "critical"]:
    fault("config.yaml", "the levels of the log are others than the program's")
embedders = set(re.findall(r"^    case (\w+)", read("Sources/BridgeCommand/Configuration/EmbedderChoice.swift"), re.MULTILINE))
if set(re.search(r"list\((.*)\)", schema["embedder"]).group(1).split("|")) != embedders:
    fault("config.yaml", f"the program's embedders are {embedders}")
languages = relative("deploy/addon/translations/*.yaml")
if len(languages) < 2:
    fault("translations", "are missing")
for path in languages:
    words = documents(path)[0]
    if set(words["configuration"]) != set(schema):
        fault(path, f"its options are others: {set(words['configuration']) ^ set(schema)}")
    if set(words["network"]) != set(config["ports"]):
        fault(path, "its ports are others")
    for name, texts in words["configuration"].items():
        if set(texts) != {"name", "description"} or not all(isinstance(text, str) and text.strip() for text in texts.values()):
            fault(path, f"{name} needs a name and a description")
for name, size in (("icon.png", (128, 128)), ("logo.png", (250, 100))):
    with open(os.path.join(ROOT, "deploy/addon", name), "rb") as file:
        head = file.read(24)
    if head[:8] != b"\x89PNG\r\n\x1a\n" or struct.unpack(">II", head[16:24]) != size:
        fault(name, f"is no PNG of {size}")
for name in ("DOCS.md", "README.md", "CHANGELOG.md", "apparmor.txt", "Dockerfile"):
    if not read("deploy/addon/" + name).strip():
        fault(name, "is empty")
if f"profile {config['slug']} " not in read("deploy/addon/apparmor.txt"):
    fault("apparmor.txt", "the profile has another name than the add-on")
copied = re.findall(r"^COPY (?:--\S+ )*(\S+) ", read("deploy/addon/Dockerfile"), re.MULTILINE)
for name in copied:
    if not os.path.exists(os.path.join(ROOT, "deploy/addon", name)):
        fault("Dockerfile", f"there is no {name}")

# --- systemd ---------------------------------------------------------------------------------------------------------

unit = read("deploy/systemd/ha-bridge.service")
stop = int(re.search(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE).group(1))
limit = int(re.search(r"stopLimit: Duration = \.seconds\((\d+)\)", read("Sources/BridgeCommand/Run/BridgeProcess.swift")).group(1))
grace = bridge["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] if bridge else 0
for place, seconds in (("ha-bridge.service", stop), ("statefulset.yaml", grace), ("config.yaml", config["timeout"])):
    if seconds < limit + 5:
        fault(place, f"{seconds} s to stop, where the program itself takes up to {limit} s")
if re.search(r"^(Type=notify|WatchdogSec=)", unit, re.MULTILINE):
    fault("ha-bridge.service", "the program says nothing to systemd")

for line in faults:
    print(line)
sys.exit(1 if faults else 0)
