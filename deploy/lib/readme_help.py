"""The commands and options that a built ha-bridge has, by its own account."""

import json
import re
import shlex
import subprocess

OPTION = re.compile(r"^--?[a-z][a-z-]*")


class Help:
    def __init__(self, program):
        text = subprocess.run(
            [program, "--experimental-dump-help"], check=True, capture_output=True, timeout=30, stdin=subprocess.DEVNULL
        ).stdout
        self.root = json.loads(text)["command"]
        self.options = set()
        self.gather(self.root)

    def gather(self, command):
        self.options |= self.options_of(command)
        for each in command.get("subcommands", []):
            self.gather(each)

    @staticmethod
    def options_of(command):
        names = set()
        for argument in command.get("arguments", []):
            for name in argument.get("names") or []:
                names.add(("-" if name["kind"] == "short" else "--") + name["name"])
        return names

    @staticmethod
    def sub(command, name):
        for each in command.get("subcommands", []):
            if each["commandName"] == name or name in each.get("aliases", []):
                return each
        return None

    def find(self, words):
        """The longest command that the words begin with, and how many of them it takes."""
        command, count = self.root, 0
        for word in words:
            below = self.sub(command, word)
            if below is None:
                break
            command, count = below, count + 1
        return command, count

    def is_command(self, words):
        command, count = self.find(words)
        return count == len(words)

    def fault(self, text):
        """What is wrong with the words after `ha-bridge`, or nothing."""
        try:
            words = shlex.split(text)
        except ValueError:
            words = text.split()
        if words[:1] == ["help"]:
            return None if self.is_command(words[1:]) else f"ha-bridge knows no command {' '.join(words[1:])}"
        command, count = self.find(words)
        rest = words[count:]
        if count == 0 and not (rest and rest[0].startswith("-")):
            return f"ha-bridge knows no command {text.split(' ')[0]}"
        if command.get("subcommands") and rest and not rest[0].startswith("-"):
            return f"ha-bridge {' '.join(words[:count])} knows no command {rest[0]}"
        known = self.options_of(command)
        for word in rest:
            option = OPTION.match(word)
            if option and option[0] not in known:
                return f"ha-bridge {' '.join(words[:count])} has no option {option[0]}"
        return None
