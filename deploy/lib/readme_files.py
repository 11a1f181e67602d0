"""What must hold in README.md without anything running: links, files, scripts and their options, containers, versions."""

import os
import pathlib
import re
import shlex
import subprocess

from readme_text import slug

# What belongs to others: options in the text that no program of this repository has, and whose they are.
FOREIGN_OPTIONS = {
    "--read-only": "docker run", "--profile": "docker compose", "--quiet": "git", "--roles-only": "pg_dumpall",
    "--no-role-passwords": "pg_dumpall", "--enable-row-security": "pg_dump", "--exit-on-error": "pg_restore",
    "--strip-debug": "objcopy", "--tool": "valgrind", "--inclusive": "callgrind_annotate",
}
LANGUAGES = {"sh", "sql", ""}
COMPOSE = {"up", "exec", "run", "cp", "stop", "down", "logs", "ps", "pull", "build"}
COMPOSE_WITH_VALUE = {"--profile", "--file", "--username", "--user"}


class Files:
    def __init__(self, root, readme, fault):
        self.root, self.readme, self.fault = pathlib.Path(root), readme, fault
        self.help_of = {}
        self.compose = Compose(self.root / "deploy" / "compose.yaml")

    def check(self):
        self.check_blocks()
        self.check_links()
        self.check_paths()
        self.check_contents()
        self.check_changelog()

    def check_blocks(self):
        for block in self.readme.blocks:
            if block.language not in LANGUAGES:
                self.fault(block.line, f"nothing tests a block of {block.language}")
            elif block.language == "" and re.search(r"^\s*(\$ |ha-bridge |deploy/|docker |psql )", block.text, re.MULTILINE):
                self.fault(block.line, "this block looks like commands: call it sh, or nothing tests it")

    def check_links(self):
        for line, target in self.readme.links():
            if re.match(r"^[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            if path and not (self.root / path).exists():
                self.fault(line, f"the link leads to {path}, which is not there")
            elif anchor and not path and anchor not in self.readme.anchors:
                self.fault(line, f"no heading has the anchor #{anchor}")

    def check_contents(self):
        """The table of contents leads to every section of the second level, in their order."""
        text = self.readme.path.read_text(encoding="utf-8")
        begun = re.search(r"<!-- contents -->\n(.*?)\n\n", text, re.DOTALL)
        if not begun:
            self.fault(1, "there is no table of contents after <!-- contents -->")
            return
        line = text.count("\n", 0, begun.start()) + 1
        listed = re.findall(r"\]\(#([^)]+)\)", begun[1])
        order = [match[1] for match in re.finditer(r"^##+ (.+)$", text, re.MULTILINE)]
        sections = [slug(match[1]) for match in re.finditer(r"^## (.+)$", text, re.MULTILINE)]
        for name in sections:
            if name not in listed:
                self.fault(line, f"the table of contents leaves out #{name}")
        places = [slug(heading) for heading in order]
        if [name for name in places if name in listed] != listed:
            self.fault(line, "the table of contents has another order than the text")

    def check_paths(self):
        """Each file of the repository that is named, in the text or in a command."""
        places = list(self.readme.spans())
        places += [(block.line + 1 + number, line) for block in self.readme.blocks for number, line in enumerate(block.lines)]
        for line, text in places:
            for path in re.findall(r"(?<![\w/.~-])((?:deploy|Tests|Migrations|Sources)/[\w./-]*\w)(?![\w*])", text):
                if not (self.root / path).exists():
                    self.fault(line, f"there is no {path}")
        for line, text in self.readme.spans():
            if re.fullmatch(r"[\w-]+\.(ya?ml|md|sql|example)(\.example)?", text) and not list(
                path for path in self.root.glob(f"*/**/{text}") if ".build" not in path.parts and ".local" not in path.parts
            ) and not (self.root / text).exists() and text not in ("automations.yaml", "secrets.yaml", "porch.yaml"):
                self.fault(line, f"no file is named {text}")

    def check_changelog(self):
        self.version = version = self.version_in_sources()
        path = self.root / "deploy" / "CHANGELOG.md"
        if not path.exists():
            self.fault(0, "there is no deploy/CHANGELOG.md")
            return
        text = path.read_text(encoding="utf-8")
        entries = re.findall(r"^## \[?(\d+\.\d+\.\d+[^\]\s]*)\]?(.*)$", text, re.MULTILINE)
        if version not in [entry[0] for entry in entries]:
            self.fault(0, f"deploy/CHANGELOG.md has no entry for {version}, the version of the program")
        for name, rest in entries:
            if not re.fullmatch(r" - \d{4}-\d\d-\d\d", rest):
                self.fault(0, f"deploy/CHANGELOG.md: {name} has no date, as in “## [{name}] - 2026-01-31”")
            body = re.search(rf"^## \[?{re.escape(name)}\]?.*?\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)[1]
            if not re.search(r"^- ", body, re.MULTILINE):
                self.fault(0, f"deploy/CHANGELOG.md: {name} says nothing")
        if not re.search(r"^## \[Unreleased\]$", text, re.MULTILINE):
            self.fault(0, "deploy/CHANGELOG.md has no section [Unreleased]")
        if "deploy/CHANGELOG.md" not in [target for _, target in self.readme.links()]:
            self.fault(0, "README.md has no link to deploy/CHANGELOG.md")

    def version_in_sources(self):
        for path in (self.root / "Sources").rglob("BridgeVersion.swift"):
            return re.search(r'string = "([^"]+)"', path.read_text())[1]
        return "unknown"

    # --- commands that do not run here --------------------------------------------------------------------------------

    def script_help(self, path):
        """What the script says of itself: by --help, or in its first comment where it has no such option."""
        if path not in self.help_of:
            text = (self.root / path).read_text(encoding="utf-8", errors="replace")
            said = ""
            if "--help" in text:
                said = subprocess.run([self.root / path, "--help"], capture_output=True, text=True, timeout=20,
                                      stdin=subprocess.DEVNULL).stdout
            comment = re.match(r"(?:#.*\n)+", text)
            self.help_of[path] = said + (comment[0] if comment and not said else "")
        return self.help_of[path]

    def not_here(self, command, bridge):
        """As far as a command can be looked at that does not run: a line for each fault."""
        for part in re.split(r"\s&&\s", command.text):
            part = re.split(r"\s<<?\s|\s<(?=\S)", part)[0]
            words = shlex.split(part)
            while words and re.match(r"^[A-Z_]+=", words[0]):
                words = words[1:]
            if words[:2] == ["docker", "compose"]:
                yield from self.compose_faults(words[2:], bridge)
            elif words[:2] == ["docker", "build"]:
                for option, value in zip(words, words[1:]):
                    if option == "--file" and not (self.root / value).exists():
                        yield f"there is no {value}"
            elif words[0].startswith("deploy/"):
                yield from self.script_faults(words)
            elif words[0] == "ha-bridgectl":
                if not (self.root / "deploy/systemd/ha-bridgectl").exists() and "ha-bridgectl" not in (
                        self.root / "deploy/systemd/install").read_text():
                    yield "nothing installs ha-bridgectl"
                if bridge and (wrong := bridge.fault(" ".join(words[1:]))):
                    yield wrong
            elif words[0] == "cd" and not (self.root / words[1]).is_dir():
                yield f"there is no directory {words[1]}"

    def script_faults(self, words):
        path = self.root / words[0]
        if not path.is_file() or not os.access(path, os.X_OK):
            yield f"{words[0]} is no program"
            return
        known = self.script_help(words[0])
        if not known.strip():
            yield f"{words[0]} does not say how it is used"
        for word in words[1:]:
            if word.startswith("--") and not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", known + self.behind(words[0])):
                yield f"{words[0]} --help does not tell of {word}"

    def behind(self, path):
        """For a script that hands its options on to a Swift program: the options that program declares."""
        text = (self.root / path).read_text(encoding="utf-8", errors="replace")
        if "bridge-bench" not in text:
            return ""
        names = re.findall(r"@(?:Flag|Option)[^\n]*\n?\s*var (\w+)", "".join(
            source.read_text() for source in (self.root / "Tests" / "Benchmarks").glob("*.swift")))
        return " ".join("--" + re.sub(r"(?<!^)([A-Z])", lambda m: "-" + m[1].lower(), name) for name in names)

    def compose_faults(self, words, bridge):
        while words and words[0].startswith("--"):
            if words[0] == "--profile" and words[1] not in self.compose.profiles:
                yield f"deploy/compose.yaml has no profile {words[1]}"
            words = words[2:] if words[0] in COMPOSE_WITH_VALUE else words[1:]
        if not words:
            return
        sub, rest = words[0], words[1:]
        if sub not in COMPOSE:
            yield f"docker compose has no command {sub} that this check knows"
        if sub == "cp":
            for word in rest:
                service, colon, _ = word.partition(":")
                if colon and service not in self.compose.services:
                    yield f"deploy/compose.yaml has no service {service}"
        rest = [word for word in rest if not (word.startswith("-") and sub in ("up",))]
        while rest and rest[0].startswith("-"):
            rest = rest[1:]
        if sub in ("exec", "run") and rest:
            service, inner = rest[0], rest[1:]
            if service not in self.compose.services:
                yield f"deploy/compose.yaml has no service {service}"
            elif bridge and inner:
                # `run` gives its words to the program of the image, `exec` names one.
                if sub == "exec" and inner[0] == "ha-bridge":
                    inner = inner[1:]
                elif sub == "exec":
                    return
                if wrong := bridge.fault(shlex.join(inner)):
                    yield wrong
        elif sub in ("stop", "up", "logs"):
            for service in rest:
                if service not in self.compose.services:
                    yield f"deploy/compose.yaml has no service {service}"


class Compose:
    """The services, profiles and volumes of a compose file, by its indentation."""

    def __init__(self, path):
        self.text = path.read_text(encoding="utf-8")
        self.services = set(re.findall(r"^  ([\w-]+):", self.part("services"), re.MULTILINE))
        self.volumes = set(re.findall(r"^  ([\w-]+):", self.part("volumes"), re.MULTILINE))
        self.profiles = {name.strip() for names in re.findall(r"profiles: \[([^\]]+)\]", self.text) for name in names.split(",")}

    def part(self, name):
        found = re.search(rf"^{name}:\n(.*?)(?=^\w|\Z)", self.text, re.MULTILINE | re.DOTALL)
        return found[1] if found else ""
