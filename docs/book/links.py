#!/usr/bin/env python3
"""Checks the links of a built site: `links.py <folder>`. Every link within it leads to a file, and to an element with
the anchor's name. Links elsewhere are not opened."""

import sys
import urllib.parse
from html.parser import HTMLParser
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "dist"))
from checks import report


class Page(HTMLParser):
    """The anchors that a page has, and its links."""

    def __init__(self, path):
        super().__init__()
        self.anchors, self.links = set(), set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.anchors |= {attributes.get("id"), attributes.get("name")}
        links = (attributes.get("href"), attributes.get("src"))
        self.links |= {link for link in links if link}


def check(folder):
    pages = {path: Page(path) for path in sorted(folder.rglob("*.html"))}
    yield f"{folder} has pages", len(pages) > 0
    for path, page in pages.items():
        for link in sorted(page.links):
            parts = urllib.parse.urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            # Of a trait of another crate, whose text rustdoc copies.
            if "/reference/rust/" in str(path) and not target.suffix:
                continue
            where = f"{path.relative_to(folder)}: {link}"
            yield f"{where} leads to a file", target.exists()
            # rustdoc's own script makes anchors of lines.
            of_lines = "/src/" in str(target)
            # rustdoc's names of anchors are quoted themselves.
            anchors = {parts.fragment, urllib.parse.unquote(parts.fragment)}
            if parts.fragment and target in pages and not of_lines:
                yield f"{where} leads to an anchor", bool(anchors & pages[target].anchors)


if __name__ == "__main__":
    sys.exit(report(check(Path(sys.argv[1]).resolve())))
