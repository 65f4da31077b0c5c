"""The pages of the book: their table of contents, their translations, and where each goes in the built site.

`docs/SUMMARY.md` and its translation are the tables. A page is named by its path from the root of the repository.
Whatever a page links to is a page of the book, a manual beside it, a file that is copied, or a file on GitHub.
"""

import posixpath
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The end of a page's name -> the folder of its book.
LANGUAGES = {"": "en", ".zh-CN": "zh"}
REPOSITORY = re.search(r'^repository = "(.*)"', (ROOT / "Cargo.toml").read_text("utf-8"), re.MULTILINE).group(1)
# What a page links to on GitHub -> the manual that is made of it.
MANUALS = {
    "crates/aliyun-cred/src/lib.rs": "rust/aliyun_cred/index.html",
    "include/aliyun_cred.h": "c/aliyun_cred.h.html",
    "include/aliyun_cred.hpp": "c/aliyun_cred.hpp.html",
    "python/aliyun_cred/__init__.py": "python/aliyun_cred.html",
    "python/aliyun_cred/models.py": "python/aliyun_cred/models.html",
    "node/index.d.ts": "node/modules/index.html",
}
COPIED = (".svg", ".png", ".json")
FENCE = re.compile(r"^( *)```.*?^\1```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Entry:
    """A line of a table of contents: a part, without a page, or a page and the depth it stands at."""

    title: str
    page: str = ""
    depth: int = 0


def summary(suffix):
    return f"docs/SUMMARY{suffix}.md"


def entries(suffix):
    """The table of contents in a language."""
    for line in (ROOT / summary(suffix)).read_text("utf-8").splitlines()[1:]:
        if part := re.fullmatch(r"## (.+)", line):
            yield Entry(part[1])
        elif page := re.fullmatch(r"( *)- \[(.+)\]\((.+)\)", line):
            yield Entry(page[2], posixpath.normpath(f"docs/{page[3]}"), len(page[1]) // 2)
        elif line and not line.startswith("<!--"):
            raise ValueError(f"{summary(suffix)}: not a line of a table of contents: {line}")


def original(page):
    """A page in English, which may be itself."""
    return re.sub(r"\.zh-CN\.md$", ".md", page)


def in_language(page, suffix):
    """A page in a language, or in English if there is no translation."""
    translation = original(page).removesuffix(".md") + f"{suffix}.md"
    return translation if (ROOT / translation).exists() else original(page)


def place(page):
    """Where a page is in the book of its language."""
    page = original(page)
    page = page.removeprefix("docs/") if page.startswith("docs/") else f"project/{page}"
    # The first page is that of the book itself.
    return "index.md" if page == "project/README.md" else page.replace("README.md", "index.md")


def rewritten(page, suffix, known):
    """The text of a page for the book of a language, whose pages in English are `known`, and the files it shows."""
    folder, book, files = posixpath.dirname(page), LANGUAGES[suffix], set()
    here = posixpath.dirname(f"{book}/{place(page)}")

    def link(match):
        target, _, anchor = match[1].partition("#")
        if not target or re.match(r"[a-z]+:", target):
            return match[0]
        path = leads(posixpath.normpath(posixpath.join(folder, target)), anchor)
        path = path if path.startswith("https:") else posixpath.relpath(path, here)
        return f"]({path}{anchor and '#'}{anchor})"

    def leads(target, anchor):
        """The path of a link's target in the site, or its address on GitHub."""
        if target in MANUALS:
            return f"reference/{MANUALS[target]}"
        if original(target) in known:
            # The same page in the other language.
            if original(target) == original(page) and target != page:
                return in_book("" if target == original(target) else ".zh-CN", target)
            # The headings of the other pages are translated, if this one is not.
            if anchor and suffix and page == original(page):
                return in_book("", target)
            return f"{book}/{place(target)}"
        if target.endswith(COPIED):
            files.add(target)
            return f"{book}/{place(target)}"
        kind = "tree" if (ROOT / target).is_dir() else "blob"
        return f"{REPOSITORY}/{kind}/main/{target}"

    text = (ROOT / page).read_text("utf-8")
    # Marks for the tests, and nothing for readers.
    text = re.sub(r"^<!--.*?-->\n", "", text, flags=re.MULTILINE)
    parts, end = [], 0
    for fence in FENCE.finditer(text):
        parts += [LINK.sub(link, text[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join(parts) + LINK.sub(link, text[end:]), files


def in_book(suffix, page):
    """The built page in the book of a language."""
    return f"{LANGUAGES[suffix]}/{place(page).removesuffix('.md')}.html"


def all_pages():
    """Every page that a reader may open, in both languages: those in git, or not yet."""
    command = ["git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return [page for page in listed if (ROOT / page).exists()]
