"""Runs what README.md tells people to type, and looks whether what it tells them is there.

usage: readme_check.py ROOT [WORK PROGRAM]
With a directory to work in and a program, on a stage; else what can be seen without. Prints a line for each fault, and at last
"N commands, N faults".
"""

import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import time

from readme_cases import CASES, CELLS, EXIT_CODES, NOT_HERE, PROGRAMS, TEN, WORDS, Case
from readme_files import FOREIGN_OPTIONS, Files
from readme_help import Help
from readme_stage import Fault, Result, Stage, tail
from readme_text import Command, Readme

VARIABLE = re.compile(r"\b(?:DATABASE_URL|HA_BRIDGE_[A-Z_]*[A-Z])\b")
DEFAULTS = {"–": "(not set)"}
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


class Check:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.readme = Readme(self.root / "README.md")
        self.faults = []
        self.ran = 0
        self.slowest = []
        self.files = Files(self.root, self.readme, self.fault)
        self.bridge = None
        self.stage = None
        self.prefix = {}
        self.used = set()

    def fault(self, line, what):
        self.faults.append(f"README.md:{line}: {what}")
        print(f"fault: {self.faults[-1]}", flush=True)

    # --- what there is to run -------------------------------------------------------------------------------------------

    def gather(self):
        """Everything that is to be typed, each text once, in the order of the page."""
        commands, seen = [], set()
        found = [*self.readme.shell(), *self.readme.inline("ha-bridge "), *self.readme.inline("docker "), *self.readme.sql()]
        for command in sorted(found, key=lambda each: each.line):
            key = self.key(command)
            # The lines of a block are a session, in which the same words may mean something else.
            if key in seen and command.kind != "sql":
                continue
            seen.add(key)
            commands.append(command)
        return commands

    @staticmethod
    def key(command):
        return command.block.mark if command.kind == "recipe" else command.text

    def cells(self):
        """The items of the table of daily commands, as (line, key): `list`, `show` after `rule add` are `rule list`, `rule show`."""
        for line, cells in self.readme.table("command", "does"):
            path = []
            for item in re.findall(r"`([^`]+)`", cells[0]):
                words = shlex.split(item)
                group = path[:-1]
                if len(group) and self.bridge.is_command(group + words[:1]):
                    found = group + words
                else:
                    found = words
                command, count = self.bridge.find(found)
                path = found[:count]
                yield line, " ".join(path) + item[len(" ".join(words[: len(words) - (len(found) - count)])):], command
            for option in re.findall(r"`(--[a-z-]+)`", cells[-1]):
                if option not in self.bridge.options_of(self.bridge.find(path)[0]):
                    self.fault(line, f"ha-bridge {' '.join(path)} has no option {option}")

    def coverage(self):
        """What is neither run nor named as something that cannot run; and what is named and is not there."""
        texts = {self.key(command) for command in self.gather()}
        for name, table in (("CASES", CASES), ("NOT_HERE", NOT_HERE)):
            for key in table:
                if key not in texts:
                    self.fault(0, f"{name} of readme_cases.py has a command that README.md has not: {key}")
        whole = self.readme.path.read_text(encoding="utf-8")
        for word in WORDS:
            if word not in whole:
                self.fault(0, f"WORDS of readme_cases.py has a word that README.md has not: {word}")
        for key, place in NOT_HERE.items():
            if not any((self.root / path).exists() for path in re.findall(r"(?:deploy|Tests)/[\w./-]*\w", place.runs)):
                self.fault(0, f"nothing runs “{key}” instead: {place.runs} is not there")
        for command in self.gather():
            if not self.is_known(command):
                self.fault(command.line, f"nothing tests “{command.text}”: name it in deploy/lib/readme_cases.py")

    def is_known(self, command):
        """Whether it is named, or harmless by its program alone. Nothing else is run."""
        return (command.kind == "sql" or self.key(command) in NOT_HERE or self.key(command) in CASES
                or self.program(command.text) in PROGRAMS)

    @staticmethod
    def program(text):
        words = text.split()
        while words and re.match(r"^[A-Z_]+=", words[0]):
            words = words[1:]
        return words[0] if words else ""

    # --- without a stage ------------------------------------------------------------------------------------------------

    def look(self):
        self.files.check()
        self.check_ten()
        self.coverage()
        for command in self.gather():
            if self.key(command) in NOT_HERE:
                for wrong in self.files.not_here(command, self.bridge):
                    self.fault(command.line, f"{command.text}: {wrong}")
        self.check_variables()

    def check_ten(self):
        block = next((block for block in self.readme.blocks if block.mark == "ten questions"), None)
        asked = [command for command in self.readme.sql() if command.block is block]
        titles = [line for line in block.lines if line.startswith("-- ")] if block else []
        if len(asked) != 10 or len(titles) != 10:
            self.fault(block.line if block else 0, f"<!-- ten questions --> has {len(asked)} questions and {len(titles)} titles")

    def check_variables(self):
        """Variables of the environment that are told of somewhere are read somewhere."""
        known = self.everything()
        text = self.readme.path.read_text(encoding="utf-8")
        for name in sorted(set(VARIABLE.findall(text))):
            if not re.search(rf"(?<![A-Z_]){name}(?![A-Z_])", known):
                line = text.count("\n", 0, text.find(name)) + 1
                self.fault(line, f"nothing reads {name}")

    def everything(self):
        """All sources and scripts, but this check itself."""
        known = ""
        for tree in ("deploy", "Sources", "Tests"):
            for path in sorted((self.root / tree).rglob("*")):
                if path.is_file() and not path.name.startswith("readme_") and path.suffix not in (".webp", ".png", ".md"):
                    known += path.read_text(encoding="utf-8", errors="replace")
        return known

    def check_program(self):
        version = subprocess.run([self.stage.program, "--version"], capture_output=True, text=True, timeout=20).stdout.strip()
        if version != self.files.version:
            self.fault(0, f"the program is {version}, the sources are {self.files.version}")
        self.check_options()
        self.check_settings()

    def check_options(self):
        """Each command and option that the text tells of exists somewhere."""
        scripts = "".join(self.files.script_help(f"deploy/{path}") + self.files.behind(f"deploy/{path}") for path in (
            "quickstart", "test", "bench", "soak", "packaging-check", "container-check", "grafana-check", "addon-check",
            "systemd-check", "systemd/install", "compare-storage"))
        for line, text in self.readme.spans():
            words = text.split()
            if text.startswith("ha-bridge "):
                if wrong := self.bridge.fault(re.split(r"\s[|<>]", text)[0][len("ha-bridge "):]):
                    self.fault(line, wrong)
            elif len(words) > 1 and self.bridge.is_command(words[:1]) and not self.table_line(line):
                if wrong := self.bridge.fault(text):
                    self.fault(line, wrong)
            elif words and not text.startswith(("docker", "deploy/", "perf", "systemctl", "swift")):
                for option in OPTION.findall(text):
                    if option not in self.bridge.options and option not in FOREIGN_OPTIONS and option not in OPTION.findall(scripts):
                        self.fault(line, f"nothing has an option {option}")
            elif text.startswith("deploy/") and (len(words) > 1 or os.access(self.root / text, os.X_OK) and (self.root / text).is_file()):
                for wrong in self.files.script_faults(shlex.split(text)):
                    self.fault(line, wrong)

    def table_line(self, line):
        return any(line == number for number, _ in self.readme.table("command", "does"))

    def check_settings(self):
        """The table of settings is what `run --check-config` knows, no more and no less, with its defaults."""
        environment = self.stage.base | {"PATH": f"{self.stage.work / 'bin'}:{self.stage.base['PATH']}"}
        said = subprocess.run([self.stage.program, "run", "--check-config"], capture_output=True, text=True, timeout=20,
                              env=environment | {"DATABASE_URL": "postgresql://127.0.0.1/x"}).stdout
        effective = {line.split()[0]: re.split(r"\s{2,}", line.strip())[1] for line in said.splitlines() if line.strip()}
        told = {}
        for line, cells in self.readme.table("variable", "meaning", "default"):
            names = VARIABLE.findall(cells[0])
            defaults = [each.strip().strip("`") for each in cells[2].split(", ")]
            for index, name in enumerate(names):
                told[name] = line
                default = defaults[index] if len(defaults) == len(names) else defaults[0]
                default = DEFAULTS.get(default, default).replace("$HA_BRIDGE_STATE_DIR", "/var/lib/ha-bridge")
                if name not in effective:
                    self.fault(line, f"run --check-config knows no setting {name}")
                elif name != "DATABASE_URL" and default != effective[name]:
                    self.fault(line, f"the default of {name} is {effective[name]}, not {default}")
        for name in effective:
            if name not in told:
                self.fault(0, f"the table of settings leaves out {name}")

    def check_names(self):
        """Metrics, roles and things of the database that the text names by their names."""
        names = {}
        for line, text in self.readme.spans():
            for name in re.findall(r"\b(?:ha_bridge|home_assistant|automation|audit|ai)_[a-z0-9_]+\b", text):
                if not name.endswith("_"):
                    names.setdefault(name, line)
        metrics = self.stage.get("/metrics") or ""
        listed = ", ".join(f"('{name}')" for name in names)
        known = set(self.stage.sql(f"""
            SELECT name FROM (VALUES {listed}) AS told (name)
            WHERE EXISTS (SELECT FROM pg_class WHERE relname = name) OR EXISTS (SELECT FROM pg_proc WHERE proname = name)
                OR EXISTS (SELECT FROM pg_roles WHERE rolname = name) OR EXISTS (SELECT FROM pg_attribute WHERE attname = name)
                OR EXISTS (SELECT FROM home_assistant_events WHERE event_type = name)
            """).split())
        # Jobs that are off, and logins that the containers make.
        sources = self.everything()
        for name, line in names.items():
            if name not in known and not re.search(rf"\b{name}", metrics) and not re.search(rf"[\" ]{name}\b", sources):
                self.fault(line, f"neither the database nor /metrics knows {name}")

    # --- on the stage -----------------------------------------------------------------------------------------------------

    def play(self, work, program):
        self.stage = Stage(self.root, work, program)
        self.bridge = Help(program)
        try:
            self.look()
            self.check_program()
            self.perform()
        except Fault as fault:
            self.fault(0, str(fault))
        finally:
            self.stage.close()

    def perform(self):
        commands = [command for command in self.gather() if self.key(command) not in NOT_HERE and self.is_known(command)]
        first = [command for command in commands if self.is_start(command) and not self.case(command).late]
        setup_block = next((c.block for c in commands if c.kind == "block" and c.text == "ha-bridge run"), None)
        if setup_block is None:
            raise Fault("no block has “ha-bridge run”, which the stage is set up by")
        setup = [command for command in commands if command.block is setup_block]
        # A quick start comes first of all, whatever stands before it on the page.
        for command in sorted(first, key=lambda each: each.kind == "sql"):
            self.run(command, self.stage.quick)
        self.stage.prepare()
        for command in setup:
            self.run(command, self.stage.own)
        for wrong in self.stage.furnish():
            self.fault(0, wrong)
        done = {id(command) for command in [*first, *setup]}
        rest = [(command, self.case(command)) for command in commands if id(command) not in done]
        rest += [item for item in (self.cell(line, key) for line, key, _ in self.cells()) if item]
        rest.sort(key=lambda pair: (pair[1].late, pair[0].line))
        for command, case in rest:
            if not case.late:
                self.run(command, self.stage.own, case)
        for key in CELLS:
            if key not in self.used:
                self.fault(0, f"CELLS of readme_cases.py has an item that the table has not: {key}")
        for code, text in EXIT_CODES.items():
            self.run(Command(text, 0, "code"), self.stage.own, Case(code=code))
            if not re.search(rf"\b{code} \w+", self.readme.path.read_text()):
                self.fault(0, f"README.md does not tell of exit code {code}")
        self.check_names()
        for command, case in rest:
            if case.late:
                self.run(command, self.stage.quick if self.is_start(command) else self.stage.own, case)

    def case(self, command):
        if command.block and command.block.mark == "ten questions":
            return TEN
        return CASES.get(self.key(command), Case())

    @staticmethod
    def is_start(command):
        """Whether it belongs to the quick start, and is asked of its demo house."""
        block = command.block
        return bool(block and (block.mark == "ten questions" or re.search(r"^(\w+=\S* )*deploy/quickstart|^eval ", block.text, re.MULTILINE)))

    def cell(self, line, key):
        if key not in CELLS:
            self.fault(line, f"nothing tests “{key}” of the table: name it in CELLS of deploy/lib/readme_cases.py")
            return None
        self.used.add(key)
        text, case = CELLS[key]
        for option in OPTION.findall(key):
            if option not in text:
                self.fault(line, f"the stage runs “{key}” without {option}")
        path, _ = self.bridge.find(shlex.split(key))
        if path is not self.bridge.find(shlex.split(text.replace("{", "").replace("}", "")))[0]:
            self.fault(line, f"the stage runs another command than “{key}”")
        return Command(f"ha-bridge {text}", line, "cell"), case

    def meaning(self, command, case):
        """The command as the stage runs it."""
        text = command.text
        if command.kind == "cell":
            return text.format(**self.stage.facts)
        if case.instead:
            text = text.replace(*case.instead)
        for word, meaning in WORDS.items():
            if word in text:
                if re.search(r"\{\w+\}", meaning):
                    meaning = re.sub(r"\{(\w+)\}", lambda name: self.stage.facts[name[1]], meaning)
                text = text.replace(word, meaning)
        return text

    def run(self, command, environment, case=None):
        case = case or self.case(command)
        shown = command.text if command.kind != "recipe" else command.block.mark
        try:
            if case.before:
                self.stage.before(case.before)
            text = self.meaning(command, case)
            if command.kind == "cell":
                shown = text
        except (Fault, KeyError, OSError) as fault:
            self.fault(command.line, f"{shown}: {fault}")
            return
        self.ran += 1
        began = time.monotonic()
        if command.kind == "sql":
            result = self.ask(text, environment)
        elif command.text == "ha-bridge run":
            result = self.begin(text)
        else:
            for path in re.findall(r"(?<![\w:/.$}\"'\-@])/[A-Za-z][\w./-]*", text if command.kind != "recipe" else ""):
                if not path.startswith((str(self.stage.work), str(self.root), "/api/")):
                    self.fault(command.line, f"{shown}: {path} means nothing on the stage")
                    return
            session = self.prefix.get(id(command.block), "")
            if text.startswith("eval "):
                self.prefix[id(command.block)] = session = f"{text}\n"
                text = ':; [ -n "$DATABASE_URL" ] && command -v ha-bridge >/dev/null'
            result = self.stage.shell(session + "set -o pipefail\n" + text, environment, case.until)
        self.slowest.append((time.monotonic() - began, shown))
        if os.environ.get("README_CHECK_SHOW"):
            print(f"--- {command.line}: {text}\n{result.output.rstrip()}\n=> {result.code}", flush=True)
        self.judge(command, case, shown, result)

    def judge(self, command, case, shown, result):
        if result.code != case.code:
            self.fault(command.line, f"{shown}: ended with {result.code}, not {case.code}: {tail(result.output)}")
        elif (wanted := case.until or case.says) and not re.search(wanted, result.output, re.DOTALL):
            self.fault(command.line, f"{shown}: does not say “{wanted}”: {tail(result.output)}")
        elif not wanted and not case.quiet and not result.output.strip() and command.kind != "sql":
            self.fault(command.line, f"{shown}: says nothing")
        elif re.search(r"Fatal error|Traceback|stack dump", result.output):
            self.fault(command.line, f"{shown}: {tail(result.output)}")

    def ask(self, statement, environment):
        """A statement of SQL, of whichever database the environment is for."""
        url = environment.get("DATABASE_URL") or (self.stage.local / "database-url").read_text().strip()
        process = subprocess.run(["psql", url, "-X", "-v", "ON_ERROR_STOP=1", "-P", "pager=off"], input=statement, text=True,
                                 capture_output=True, timeout=60, env=self.stage.base)
        output = process.stdout + process.stderr
        demo = environment is self.stage.quick
        if process.returncode == 0 and demo and "(0 rows)" in output:
            return Result(1, f"it gives no rows on the demo house: {output}")
        return Result(process.returncode, output)

    def begin(self, text):
        """The bridge of the stage; without it nothing after this can be typed."""
        try:
            return Result(0, self.stage.start_bridge(text))
        except Fault as fault:
            raise Fault(f"{text}: {fault}") from None


def main():
    # As an interrupt from the keyboard is: what was started is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # A shell that starts us in the background has it ignored, and what we start would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    check = Check(sys.argv[1])
    if len(sys.argv) > 2:
        check.play(pathlib.Path(sys.argv[2]), sys.argv[3])
    else:
        check.look()
    slow = ", ".join(f"{text.splitlines()[0][:50]} {seconds:.0f} s" for seconds, text in sorted(check.slowest, reverse=True)[:5])
    if slow:
        print(f"slowest: {slow}")
    print(f"{check.ran} commands, {len(check.faults)} faults")
    sys.exit(1 if check.faults else 0)


main()
