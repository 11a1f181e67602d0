"""Tells a script how deploy/compose.yaml runs one service.

usage: compose_service.py COMPOSE SERVICE
Prints lines of a word, a tab and a value: user, read_only, entrypoint and command (a line for each argument), env (NAME=VALUE),
volume (NAME:TARGET[:ro]), bind (SOURCE:TARGET:ro, from the directory of COMPOSE), healthcheck (a line for each argument), grace.
${NAME:-DEFAULT} is its default, as in an environment that has none of them, and $$ is $.
"""

import re
import sys

from ruamel.yaml import YAML

document = YAML(typ="safe").load(open(sys.argv[1], encoding="utf-8"))
service = document["services"][sys.argv[2]]


def filled(text):
    return re.sub(r"\$(\$|\{\w+:-([^}]*)\})", lambda match: "$" if match[1] == "$" else match[2], str(text))


def show(word, value):
    print(f"{word}\t{filled(value)}")


for word in ("user", "stop_grace_period"):
    if word in service:
        show(word, service[word])
if service.get("read_only"):
    show("read_only", "yes")
for word in ("entrypoint", "command"):
    for argument in service.get(word) or []:
        show(word, argument)
for name, value in (service.get("environment") or {}).items():
    show("env", f"{name}={value}")
for volume in service.get("volumes") or []:
    if isinstance(volume, str):
        show("volume", volume)
    else:
        show("bind", f"{volume['source']}:{volume['target']}:ro")
for argument in (service.get("healthcheck") or {}).get("test", [])[1:]:
    show("healthcheck", argument)
