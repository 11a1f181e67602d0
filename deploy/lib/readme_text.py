"""What README.md holds, taken apart: its blocks, its commands, its tables, its links."""

import pathlib
import re
from dataclasses import dataclass, field

FENCE = re.compile(r"^( *)```(\w*)\s*$")
MARK = re.compile(r"^<!-- (.+) -->$")
SPAN = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^)\s]+)\)")
# A comment at the end of a line of shell; none of the lines has # in quotes.
COMMENT = re.compile(r"\s+#\s.*$")


@dataclass
class Block:
    """A fenced block; `mark` is the comment on the line before it."""

    language: str
    line: int
    section: str
    mark: str | None
    lines: list[str] = field(default_factory=list)

    @property
    def text(self):
        return "\n".join(self.lines)


@dataclass
class Command:
    """One thing to be typed: of a block, of the text, or of the table of daily commands."""

    text: str
    line: int
    kind: str
    block: Block | None = None


def slug(heading):
    """The anchor that GitHub gives to a heading."""
    return re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", heading).strip().lower()).replace(" ", "-")


class Readme:
    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.blocks = []
        self.headings = []
        # The text without its blocks, as (line number, line).
        self.prose = []
        self.read(self.path.read_text(encoding="utf-8").split("\n"))
        self.anchors = set()
        for _, heading in self.headings:
            name, count = slug(heading), 1
            while name in self.anchors:
                name, count = f"{slug(heading)}-{count}", count + 1
            self.anchors.add(name)

    def read(self, lines):
        block, indent, mark, section = None, 0, None, ""
        for number, line in enumerate(lines, 1):
            fence = FENCE.match(line)
            if block is not None:
                if fence and not fence[2]:
                    block = None
                else:
                    block.lines.append(line[indent:] if line[:indent].strip() == "" else line)
                continue
            if fence:
                indent = len(fence[1])
                block = Block(fence[2], number, section, mark)
                self.blocks.append(block)
            else:
                heading = re.match(r"^#+ (.+)$", line)
                if heading:
                    section = heading[1]
                    self.headings.append((number, section))
                self.prose.append((number, line))
            marked = MARK.match(line.strip())
            mark = marked[1] if marked else None
        if block is not None:
            raise ValueError(f"README.md:{block.line}: this block has no end")

    def paragraphs(self):
        """Each paragraph as (number of its first line, text), with the line breaks in it."""
        first, lines = 0, []
        last = -1
        for number, line in self.prose + [(-1, "")]:
            # A table's line stands for itself, and so does what a block has cut off.
            if not line.strip() or line.startswith("|") or number != last + 1:
                if lines:
                    yield first, "\n".join(lines)
                lines = []
            if line.strip():
                if not lines:
                    first = number
                lines.append(line)
            last = number

    def spans(self):
        """Everything in backticks, as (line, text), with the breaks of lines taken out."""
        for first, text in self.paragraphs():
            for span in SPAN.finditer(text):
                yield first + text.count("\n", 0, span.start()), " ".join(span[1].split())

    def shell(self):
        """The commands of the blocks of shell, a line each; a recipe is one command as a whole."""
        for block in self.blocks:
            if block.language != "sh":
                continue
            if block.mark and block.mark.startswith("recipe:"):
                yield Command(block.text, block.line + 1, "recipe", block)
                continue
            pending, begun = [], 0
            for offset, line in enumerate(block.lines, 1):
                if not pending and (not line.strip() or line.lstrip().startswith("#")):
                    continue
                begun = begun or block.line + offset
                continues = line.rstrip().endswith(("\\", "|"))
                pending.append(line if continues else COMMENT.sub("", line).rstrip())
                # What is set for the next line belongs to it.
                if not continues and not line.startswith(("export ", "read ")):
                    yield Command("\n".join(pending), begun, "block", block)
                    pending, begun = [], 0
            if pending:
                yield Command("\n".join(pending), begun, "block", block)

    def sql(self):
        """The statements of the blocks of SQL."""
        for block in self.blocks:
            if block.language != "sql":
                continue
            statement, begun = [], 0
            for offset, line in enumerate(block.lines, 1):
                if line.startswith("--") or not line.strip():
                    continue
                begun = begun or block.line + offset
                statement.append(line)
                if line.rstrip().endswith(";"):
                    yield Command("\n".join(statement), begun, "sql", block)
                    statement, begun = [], 0
            if statement:
                yield Command("\n".join(statement), begun, "sql", block)

    def inline(self, beginning):
        """The commands in the text that begin with these words."""
        for line, text in self.spans():
            if text.startswith(beginning):
                yield Command(text, line, "inline")

    def table(self, *header):
        """The rows of the table with this header, as (line, cells)."""
        rows, inside = [], False
        for number, line in self.prose:
            if not line.startswith("|"):
                inside = False
                continue
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if inside:
                if not set("".join(cells)) <= set("-: "):
                    rows.append((number, cells))
            elif tuple(cells) == header:
                inside = True
        return rows

    def links(self):
        """Where links and pictures lead to, as (line, target)."""
        for first, text in self.paragraphs():
            bare = SPAN.sub(lambda span: " " * len(span[0]), text)
            for link in LINK.finditer(bare):
                yield first + bare.count("\n", 0, link.start()), link[1]
