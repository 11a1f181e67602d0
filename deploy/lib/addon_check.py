"""Runs the add-on's script with many option files and a ha-bridge that notes what it is given.

usage: addon_check.py RUN
Prints a line for each fault; the exit code is 0 only when there is none.
"""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

RUN = sys.argv[1]
TOKEN = "supervisor-token-5b1d0c8e77aa4f0e"
URL = "http://supervisor/core"
USER = 10001

# Notes each call as a line of JSON; answers as the files beside the notes say.
PROGRAM = r"""#!/usr/bin/python3 -IS
import json, os, sys
notes = os.environ["NOTES"]
arguments = sys.argv[1:]
given = sys.stdin.read() if "-" in arguments[1:] and "--token-file" in arguments else None
config = os.environ.get("HA_BRIDGE_CONFIG", "")
with open(notes + "/calls", "a") as file:
    file.write(json.dumps({
        "arguments": arguments, "given": given, "user": os.getuid(),
        "environment": {k: v for k, v in os.environ.items()},
        "config": open(config).read() if config else None,
        "mode": os.stat(config).st_mode & 0o777 if config else None,
        "owner": os.stat(config).st_uid if config else None}) + "\n")
words = " ".join(w for w in arguments if not w.startswith("-"))
for line in open(notes + "/failures").read().splitlines():
    command, code, times = line.rsplit("|", 2)
    if words.startswith(command):
        path = notes + "/failed-" + command.replace(" ", "-")
        count = len(open(path).read()) if os.path.exists(path) else 0
        if count < int(times):
            open(path, "a").write("x")
            sys.exit(int(code))
if words == "user list": print(open(notes + "/users").read())
if words == "connection list": print(open(notes + "/connections").read())
if words == "key new": open(os.environ["HA_BRIDGE_STATE_DIR"] + "/keyring", "w").write("keys")
"""

BASE = {
    "database_url": "postgresql://bridge:hunter2secret@db/ha", "connection_name": "home", "owner": "owner",
    "owner_email": "owner@home.example", "migrate": True, "log_level": "info", "retention_days": 90, "embedder": "minilm",
}
faults = 0


class Outcome:
    def __init__(self, code, log, calls, started):
        self.code, self.log, self.calls, self.started = code, log, calls, started

    def commands(self):
        return [" ".join(call["arguments"]) for call in self.calls]

    def last(self):
        return self.calls[-1] if self.calls else {"arguments": [], "environment": {}, "config": "null"}


def run(options, users="[]", connections="[]", failures="", token=TOKEN, keyring=False, secrets=(), text=None, extra=None):
    work = tempfile.mkdtemp(prefix="ha-bridge-addon.")
    try:
        os.chmod(work, 0o755)
        notes, binaries = work + "/notes", work + "/bin"
        os.makedirs(notes)
        os.makedirs(binaries)
        os.chmod(notes, 0o777)
        for name, content in (("users", users), ("connections", connections), ("failures", failures)):
            with open(f"{notes}/{name}", "w", encoding="utf-8") as file:
                file.write(content)
        program = binaries + "/ha-bridge"
        with open(program, "w", encoding="utf-8") as file:
            file.write(PROGRAM)
        os.chmod(program, 0o755)
        with open(work + "/options.json", "w", encoding="utf-8") as file:
            file.write(json.dumps(options, ensure_ascii=False) if text is None else text)
        os.chmod(work + "/options.json", 0o600)
        if keyring:
            os.makedirs(work + "/state", mode=0o700)
            open(work + "/state/keyring", "w", encoding="utf-8").close()
            if os.getuid() == 0:
                os.chown(work + "/state", USER, USER)
        environment = {
            "PATH": binaries + ":" + os.environ["PATH"], "NOTES": notes, "ADDON_OPTIONS": work + "/options.json",
            "ADDON_STATE": work + "/state", "ADDON_RUNTIME": work + "/runtime", "ADDON_PATIENCE": "3",
            "ADDON_MODELS": work + "/models", "HOME": "/root", "LANG": "C.UTF-8", **(extra or {}),
        }
        if token is not None:
            environment["SUPERVISOR_TOKEN"] = token
        # Every program that is started, with the whole of its arguments.
        result = subprocess.run(
            ["strace", "--follow-forks", "--seccomp-bpf", "--trace=execve", "--string-limit=65536", f"--output={work}/started", RUN],
            env=environment, capture_output=True, timeout=60, check=False)
        calls = []
        if os.path.exists(notes + "/calls"):
            with open(notes + "/calls", encoding="utf-8") as file:
                calls = [json.loads(line) for line in file]
        with open(work + "/started", encoding="utf-8", errors="replace") as file:
            started = file.read()
        log = (result.stdout + result.stderr).decode("utf-8", "replace")
        # Not what the notes need, and not this test's own.
        if os.path.exists(work + "/runtime"):
            mode = stat.S_IMODE(os.stat(work + "/runtime").st_mode)
            expect("the directory of the settings", mode == 0o700, oct(mode))
        return Outcome(result.returncode, log, calls, started)
    finally:
        shutil.rmtree(work)


def expect(what, holds, detail=""):
    global faults
    if not holds:
        faults += 1
        print(f"FAULT {what}: {detail}")


def no_secret(what, outcome, *secrets):
    """In no arguments, no line of the log, and no environment of the bridge."""
    for secret in (TOKEN, *secrets):
        # strace writes what is not printable, and quotes, with a backslash; so it does with JSON's own.
        for form in {secret, json.dumps(secret)[1:-1], secret.replace("\\", "\\\\").replace('"', '\\"')}:
            expect(f"{what}: a secret among the arguments", form not in outcome.started, form)
            expect(f"{what}: a secret in the log", form not in outcome.log, form)
        for call in outcome.calls:
            expect(f"{what}: a secret in the environment", secret not in call["environment"].values(), call["arguments"])


def good(what, options, expected=None, **more):
    outcome = run(options, **more)
    expect(f"{what}: ends well", outcome.code == 0, f"{outcome.code} {outcome.log}")
    last = outcome.last()
    expect(f"{what}: becomes the bridge", last["arguments"] == ["run"], outcome.commands())
    url = options["database_url"]
    for call in outcome.calls:
        settings = json.loads(call["config"])
        expect(f"{what}: the login arrives as it is", settings == {"database_url": url}, call["config"])
        expect(f"{what}: nobody else reads it", call["mode"] == 0o600 and call["owner"] == call["user"], oct(call["mode"]))
        expect(f"{what}: no login besides", "DATABASE_URL" not in call["environment"], call["arguments"])
        if os.getuid() == 0:
            expect(f"{what}: the user of the bridge", call["user"] == USER, call["user"])
    for name, value in (expected or {}).items():
        found = last["environment"].get(name)
        expect(f"{what}: {name}", found == value, repr(found))
    no_secret(what, outcome, url)
    return outcome


def bad(what, options, code, says, **more):
    outcome = run(options, **more)
    expect(f"{what}: the code", outcome.code == code, f"{outcome.code} {outcome.log}")
    expect(f"{what}: the sentence", re.search(says, outcome.log), outcome.log)
    expect(f"{what}: no bridge", ["run"] not in [call["arguments"] for call in outcome.calls], outcome.commands())
    no_secret(what, outcome)
    return outcome


def known(name, url=URL):
    return json.dumps([{"name": name, "url": url}])


# A start that finds everything in its place.
SETTLED = {"users": '[{"username": "owner"}]', "connections": known("home"), "keyring": True}


def side_by_side(case, values):
    """What `case` gives for each value, some at a time: most of their time they wait."""
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(case, values))


# --- a first start, and another one ----------------------------------------------------------------------------------

first = good("first start", BASE, {
    "HA_BRIDGE_LOG_LEVEL": "info", "HA_BRIDGE_RETENTION_DAYS": "90", "HA_BRIDGE_EMBEDDER": "minilm",
    "HA_BRIDGE_HTTP_ADDRESS": "0.0.0.0:8099", "HA_BRIDGE_HTTP_PLAINTEXT": "accept", "HA_BRIDGE_ROLLUP_DAYS": None,
    "HA_BRIDGE_ALLOWED_NETWORKS": None, "SUPERVISOR_TOKEN": None,
})
expect("first start: the order", first.commands() == [
    "run --check-config", "migrate up", "key new", "user list --json",
    "user add --email owner@home.example --role admin -- owner", "connection list --json",
    f"connection add --url {URL} --token-file - --no-test --user owner -- home", "run"], first.commands())
expect("first start: the token", [c["given"] for c in first.calls if c["given"]] == [TOKEN], "")
again = good("another start", BASE, **SETTLED)
expect("another start: nothing made twice", again.commands() == [
    "run --check-config", "migrate up", "user list --json", "connection list --json",
    "connection set-token --token-file - --no-test -- home", "run"], again.commands())
expect("another start: the token", [c["given"] for c in again.calls if c["given"]] == [TOKEN], "")
renamed = good("the same house by another name", BASE, users='[{"username": "o"}]', connections=known("haus"), keyring=True)
expect("the same house by another name", any(c.endswith("-- haus") and "set-token" in c for c in renamed.commands()), renamed.commands())
moved = good("the name leads elsewhere", BASE, users='[{"username": "o"}]', connections=known("home", "http://10.0.0.2:8123"), keyring=True)
expect("the name leads elsewhere", any(
    c == f"connection set-url --url {URL} --token-file - --no-test -- home" for c in moved.commands()), moved.commands())
expect("no migration", "migrate up" not in good("no migration", {**BASE, "migrate": False}).commands(), "")

# --- values ----------------------------------------------------------------------------------------------------------

ODD = [
    "postgresql://u:p%40ss@db/x?sslmode=require&application_name=a b", "host=db password='it''s' dbname=x",
    'postgresql://u:"quoted"@db/x', "postgresql://u:back\\slash@db/x", "postgresql://u:$(touch /tmp/x)`id`${HOME}@db/x",
    "postgresql://u:#hash: {yaml} [list] *star &and !bang|>%@db/x", "postgresql://u:pässwörd-日本-😀@db/x", "host=db password=a;b|c>d<e&f",
    "host=db password=' lead and trail ' dbname=x", "host=db\tpassword=tab\nsecond=line", "--host=x", "host=" + "x" * 3000,
]
for _ in side_by_side(lambda value: good(f"the login {value[:40]!r}", {**BASE, "database_url": value}, **SETTLED), ODD):
    pass
good("every option", {
    **BASE, "rollup_days": 800, "metrics_days": 30, "audit_days": 0, "spool_max_bytes": "4GiB", "log_level": "debug",
    "allowed_networks": ["192.168.1.0/24", "", None, "fd00::/8"],
}, {
    "HA_BRIDGE_ROLLUP_DAYS": "800", "HA_BRIDGE_METRICS_DAYS": "30", "HA_BRIDGE_AUDIT_DAYS": "0", "HA_BRIDGE_SPOOL_MAX_BYTES": "4GiB",
    "HA_BRIDGE_LOG_LEVEL": "debug", "HA_BRIDGE_ALLOWED_NETWORKS": "192.168.1.0/24,fd00::/8,172.30.32.0/23",
})
good("no option but the login", {"database_url": BASE["database_url"]}, {"HA_BRIDGE_LOG_LEVEL": None, "HA_BRIDGE_RETENTION_DAYS": None})
good("empty options", {**BASE, "log_level": "", "connection_name": "", "owner": "", "owner_email": None, "allowed_networks": []}, {
    "HA_BRIDGE_LOG_LEVEL": None, "HA_BRIDGE_ALLOWED_NETWORKS": None})
good("options that nobody knows", {**BASE, "PATH": "/nowhere", "HA_BRIDGE_CONSOLE": "off", "x y": {"a": [1]}}, {"HA_BRIDGE_CONSOLE": None})
good("settings from outside", BASE, {"HA_BRIDGE_CONSOLE": None, "HA_BRIDGE_KEY_FILE": None},
     extra={"HA_BRIDGE_CONSOLE": "off", "HA_BRIDGE_KEY_FILE": "/x", "DATABASE_URL": "postgresql://elsewhere/x"})
NAMES = ("Haus am See", "--help", "-x", "o'clock", 'say "home"', "$(id)", "日本", "a;b")
for name, named in zip(NAMES, side_by_side(
        lambda name: good(f"the name {name}", {**BASE, "connection_name": name, "owner": name}), NAMES)):
    expect(f"the name {name}", [c["arguments"][-1] for c in named.calls if c["arguments"][:2] in (["connection", "add"], ["user", "add"])]
           == [name, name], named.commands())
odd = good("a value that the bridge must judge", {**BASE, "log_level": "$(id)\n; rm -rf /", "retention_days": 1.5}, {
    "HA_BRIDGE_LOG_LEVEL": "$(id)\n; rm -rf /", "HA_BRIDGE_RETENTION_DAYS": "1.5"})

# --- what cannot be --------------------------------------------------------------------------------------------------

bad("no login", {**BASE, "database_url": ""}, 78, "database_url is empty")
bad("a login that is null", {**BASE, "database_url": None}, 78, "database_url is empty")
for _ in side_by_side(
        lambda text: bad(f"the file {text!r}", BASE, 78, "no JSON object", text=text),
        ("not json", "[1, 2]", '{"database_url": "x"', "null")):
    pass
bad("an empty file", BASE, 78, "no JSON object|is empty", text="")
bad("no token", BASE, 78, "no token", token=None)
bad("an empty token", BASE, 78, "no token", token="")
bad("a setting that the bridge refuses", BASE, 78, "", failures="run|78|9")
bad("a migration that is refused", BASE, 77, "", failures="migrate up|77|9")
bad("a database that stays away", BASE, 69, "Trying again", failures="migrate up|69|9")
waited = good("a database that comes late", BASE, failures="migrate up|69|2")
expect("a database that comes late", waited.commands().count("migrate up") == 3, waited.commands())
bad("a connection that is refused", BASE, 64, "", failures="connection add|64|1")

if faults:
    print(f"{faults} faults.")
    sys.exit(1)
print("The add-on's script does as it should.")
