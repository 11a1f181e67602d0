"""What no linter looks at in deploy/Containerfile and deploy/compose.yaml: pins, loopback, rights, scripts and files that they name.

usage: container_lint.py DEPLOY
Prints a line for each fault; the exit code is 0 only when there is none.
"""

import os
import re
import sys

from ruamel.yaml import YAML

PINNED = re.compile(r"^[a-z0-9.-]+(:\d+)?/[a-z0-9./_-]+:[A-Za-z0-9._-]+@sha256:[0-9a-f]{64}$")
LABELS = ("title", "description", "version", "revision", "base.name", "base.digest")
faults = []


def fault(text):
    faults.append(text)


def instructions(path):
    """The instructions of a Containerfile: (name, rest), with continued lines joined and comments left out."""
    text = open(path, encoding="utf-8").read()
    lines = [line for line in text.split("\n") if not line.lstrip().startswith("#")]
    for line in re.sub(r"\\\n", " ", "\n".join(lines)).split("\n"):
        name, _, rest = line.strip().partition(" ")
        if name:
            yield name.upper(), rest.strip()


def check_containerfile(deploy):
    found = list(instructions(os.path.join(deploy, "Containerfile")))
    arguments = dict(rest.split("=", 1) for name, rest in found if name == "ARG" and "=" in rest)
    bases = {re.sub(r"\$\{(\w+)\}", lambda match: arguments.get(match[1], match[0]), rest.split()[0])
             for name, rest in found if name == "FROM"}
    if sum(name == "FROM" for name, _ in found) != 2 or len(bases) != 1:
        fault(f"Containerfile: there must be two stages on one and the same base, not {sorted(bases)}.")
    for base in bases:
        if not PINNED.match(base):
            fault(f"Containerfile: the base {base} is not pinned by a tag and a digest.")
        labels = " ".join(rest for name, rest in found if name == "LABEL")
        reference, _, digest = base.partition("@")
        for wanted in (f'base.name="{reference}"', f'base.digest="{digest}"'):
            if wanted not in labels:
                fault(f"Containerfile: the labels do not tell the base; there must be org.opencontainers.image.{wanted}.")
        for label in LABELS:
            if f"org.opencontainers.image.{label}=" not in labels:
                fault(f"Containerfile: there is no label org.opencontainers.image.{label}.")
    scripts = set()
    for name, rest in found:
        if name != "RUN":
            continue
        command = re.sub(r"--mount=\S+\s*", "", rest)
        words = re.findall(r"/container/[\w-]+", command)
        if len(words) != 1 or re.search(r"[;&|]", command):
            fault(f"Containerfile: a step must be one script of deploy/container, and this is more: {command}")
        scripts.update(word.rpartition("/")[2] for word in words)
    for script in scripts:
        if not os.access(os.path.join(deploy, "container", script), os.X_OK):
            fault(f"Containerfile: deploy/container/{script} is not there, or nobody may execute it.")
    # The last word on each counts.
    last = dict(found)
    if last.get("USER") != "10001:10001":
        fault(f"Containerfile: the image must run as 10001:10001, not {last.get('USER')}.")
    if last.get("VOLUME") != '["/var/lib/ha-bridge"]':
        fault(f"Containerfile: the only volume must be /var/lib/ha-bridge, not {last.get('VOLUME')}.")
    if "/usr/lib/ha-bridge/healthcheck" not in last.get("HEALTHCHECK", ""):
        fault("Containerfile: there is no HEALTHCHECK by /usr/lib/ha-bridge/healthcheck.")
    for name, rest in found:
        if name in ("COPY", "ADD") and not rest.startswith("--"):
            for source in rest.split()[:-1]:
                plain = re.sub(r"\[(.)\]", r"\1", source)
                if plain != "Package.resolved" and not os.path.exists(os.path.join(deploy, "..", plain)):
                    fault(f"Containerfile: there is no {plain} to copy.")


def check_service(deploy, name, service, volumes):
    image = service.get("image", "")
    if "build" not in service and not PINNED.match(image):
        fault(f"compose.yaml: {name}: the image {image} is not pinned by registry, tag and digest.")
    for port in service.get("ports", []):
        if not (isinstance(port, str) and port.startswith("127.0.0.1:")):
            fault(f"compose.yaml: {name}: the port {port} is published wider than on 127.0.0.1.")
    if service.get("privileged") or service.get("network_mode") == "host" or service.get("pid") == "host":
        fault(f"compose.yaml: {name}: it may do what the machine may do.")
    # Home Assistant's image starts as root, with an init of its own that changes users.
    if name != "home-assistant":
        if service.get("cap_drop") != ["ALL"]:
            fault(f"compose.yaml: {name}: it keeps capabilities; cap_drop must be [ALL].")
        if "no-new-privileges:true" not in service.get("security_opt", []):
            fault(f"compose.yaml: {name}: it may get new privileges.")
        if name != "database" and (service.get("read_only") is not True or "cap_add" in service):
            fault(f"compose.yaml: {name}: its root must be read-only, without any capability.")
    stays = service.get("restart") == "unless-stopped"
    if not stays and service.get("restart") != "no":
        fault(f"compose.yaml: {name}: say whether it is started again.")
    if stays and not service.get("healthcheck", {}).get("test"):
        fault(f"compose.yaml: {name}: it stays and has no healthcheck.")
    for volume in service.get("volumes", []):
        if isinstance(volume, str):
            source = volume.split(":")[0]
            if source not in volumes:
                fault(f"compose.yaml: {name}: {source} is no volume; files are bound with type, source, target and read_only.")
        else:
            if volume.get("read_only") is not True:
                fault(f"compose.yaml: {name}: {volume.get('source')} is bound and may be written.")
            if not os.path.exists(os.path.join(deploy, volume["source"])):
                fault(f"compose.yaml: {name}: there is no {volume['source']} to bind.")
    for key, value in dict(service.get("environment", {})).items():
        secret = re.search(r"PASSWORD|SECRET|TOKEN", key) and not re.search(r"_?_FILE$", key)
        if secret or re.search(r"://[^@/]*:[^@/]+@", str(value)):
            fault(f"compose.yaml: {name}: {key} holds a secret, which every container inspection shows; take a file.")


def check_compose(deploy):
    document = YAML(typ="safe").load(open(os.path.join(deploy, "compose.yaml"), encoding="utf-8"))
    services = document["services"]
    for name, service in services.items():
        check_service(deploy, name, service, document["volumes"])
        for other, how in dict(service.get("depends_on", {})).items():
            if other not in services:
                fault(f"compose.yaml: {name}: it waits for {other}, which there is not.")
                continue
            one_shot = services[other].get("restart") == "no"
            wanted = "service_completed_successfully" if one_shot else "service_healthy"
            if how.get("condition") != wanted:
                fault(f"compose.yaml: {name}: it must wait for {other} with {wanted}.")
            # Every profile that starts it must start what it waits for.
            theirs = set(services[other].get("profiles", []))
            if theirs and not set(service.get("profiles", ["none"])) <= theirs:
                fault(f"compose.yaml: {name}: it waits for {other}, which its profiles do not start.")
    plain = {name for name, service in services.items() if "profiles" not in service}
    if plain != {"prepare", "database", "owner", "login", "bridge"}:
        fault(f"compose.yaml: without a profile there start {sorted(plain)}.")
    used = {volume.split(":")[0] for service in services.values() for volume in service.get("volumes", [])
            if isinstance(volume, str)}
    for volume in set(document["volumes"]) - used:
        fault(f"compose.yaml: nobody uses the volume {volume}.")


check_containerfile(sys.argv[1])
check_compose(sys.argv[1])
for line in faults:
    print(line)
sys.exit(1 if faults else 0)
