"""The code blocks of the pages.

A block is a complete program or file unless a comment just before it says otherwise:

    <!-- example: body -->      statements for a function that has `client` and other names; see `examples.py`
    <!-- example: compile -->   a complete program that is compiled and not run, such as a server
    <!-- example: fragment -->  a part of something; only its syntax is checked
    <!-- example: output -->    what a program prints; not checked
"""

import re
import textwrap
from dataclasses import dataclass

import pages

KINDS = ("program", "body", "compile", "fragment", "output")
BLOCK = re.compile(
    r"(?:^ *<!-- example: (?P<kind>\w+) -->\n+)?^(?P<indent> *)```(?P<info>.*)\n(?P<text>(?:.*\n)*?)(?P=indent)```$",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Block:
    page: str
    line: int
    language: str
    kind: str
    text: str

    def __str__(self):
        return f"{self.page}:{self.line}"

    @property
    def stem(self):
        """A name for its file, and for a module in any language."""
        return re.sub(r"\W", "_", f"{self.page.removeprefix('docs/').removesuffix('.md')}_{self.line}").lower()


def is_shown(page):
    return re.match(r"docs/|(python/|node/|crates/[\w-]+/|examples/[\w-]+/)?README(\.zh-CN)?\.md$", page) is not None


def stray_marks(page):
    """How many marks of a page stand before no block."""
    text = (pages.ROOT / page).read_text("utf-8")
    return text.count("<!-- example:") - len([found for found in BLOCK.finditer(text) if found["kind"]])


def of_page(page):
    text = (pages.ROOT / page).read_text("utf-8")
    for found in BLOCK.finditer(text):
        line = text.count("\n", 0, found.start("info")) + 1
        block = textwrap.dedent(found["text"])
        # Rust's doctests have options after a comma.
        yield Block(page, line, found["info"].partition(",")[0].strip(), found["kind"] or "program", block)


def shown():
    """The pages that readers of the documentation see, the English ones first."""
    return sorted(filter(is_shown, pages.all_pages()), key=lambda page: (page != pages.original(page), page))


def every():
    """Every block; one that a translation repeats, with other comments, is in it once."""
    seen = {}
    for page in shown():
        for block in of_page(page):
            code = re.sub(r"(#|//|/\*) .*", "", block.text)
            seen.setdefault((block.language, block.kind, code), block)
    return list(seen.values())
