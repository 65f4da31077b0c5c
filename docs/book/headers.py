"""Makes the manuals of the C and C++ headers: a page for each, from its comments.

aliyun_cred.h has a comment and a declaration for each function; aliyun_cred.hpp is shown class by class, without the
bodies of its functions and what is private.
"""

import html
import re
import textwrap

from pages import ROOT

STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem }
pre { overflow-x: auto; padding: .75rem; border: 1px solid #8886; border-radius: 6px; font-size: 85% }
h2 { margin-top: 2.5rem; overflow-wrap: anywhere }
ul { columns: 24rem; padding-left: 1.2rem; overflow-wrap: anywhere }
"""
NAME = re.compile(r"\b(?:aliyun_cred|ALIYUN_CRED)_\w+")


def targets_of(entries):
    """Where each name of the C header is explained."""
    targets = {}
    for name, _, code in entries:
        targets.update(dict.fromkeys(NAME.findall(code), name))
    # A name that several entries use is that of the entry that declares it.
    targets.update({name: name for name, _, _ in entries})
    return {name: f"aliyun_cred.h.html#{target}" for name, target in targets.items()}


def document(title, intro, entries, targets):
    """A page with an index and an entry for each name: (name, paragraphs, code)."""

    def linked(text):
        def link(match):
            return f'<a href="{targets[match[0]]}">{match[0]}</a>' if match[0] in targets else match[0]

        return NAME.sub(link, html.escape(text, quote=False))

    def shown(paragraphs):
        for paragraph in paragraphs:
            if paragraph.startswith("    "):
                yield f"<pre>{linked(textwrap.dedent(paragraph))}</pre>"
            else:
                yield f"<p>{linked(paragraph)}</p>"

    yield '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{title}</title><style>{STYLE}</style></head><body>"
    yield f'<p><a href="../../en/reference.html">Manuals</a></p><h1>{title}</h1>'
    yield from shown(intro)
    yield "<ul>"
    names = [name for name, _, _ in entries]
    yield from (f'<li><a href="#{name}">{name}</a></li>' for name in map(html.escape, names))
    yield "</ul>"
    for name, paragraphs, code in entries:
        yield f'<h2 id="{html.escape(name)}">{html.escape(name)}</h2>'
        yield from shown(paragraphs)
        yield f"<pre>{linked(code)}</pre>"
    yield "</body></html>"


def paragraphs_of(comment):
    """The paragraphs of a comment, without its marks; code is one that is indented."""
    text = re.sub(r"^ *(?:/\*+|\*+/|\*|//) ?", "", comment, flags=re.MULTILINE).strip("\n")
    parts = []
    for part in re.split(r"\n\n+", text):
        # Code goes on after an empty line.
        if parts and part.startswith("    ") and parts[-1].startswith("    "):
            parts[-1] += f"\n\n{part}"
        else:
            parts.append(part)
    return parts


def c_header(text):
    entries = []
    for comment, code in re.findall(r"^(/\*\*\n.*?^ \*/\n)(.*?)(?=^\s*$)", text, re.DOTALL | re.MULTILINE):
        declared = re.sub(r"/\*.*?\*/", "", code, flags=re.DOTALL)
        names = re.findall(r"#define (\w+)|\(\*(\w+)\)|(\w+)\(|(\w+);\s*$", re.sub(r"__\w+__\(.*\)", "", declared))
        name = next(name for found in names for name in found if NAME.fullmatch(name))
        entries.append((name, paragraphs_of(comment), code.strip()))
    return paragraphs_of(text[: text.index("*/")]), entries


def cpp_header(text):
    text = re.sub(r"^namespace detail \{.*?^\}  // namespace detail\n", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"^private:\n.*?(?=^\};)", "", text, flags=re.DOTALL | re.MULTILINE)
    intro, _, text = text.partition("#ifndef ALIYUN_CRED_HPP")
    entries = []
    kinds = r"(?:class|struct|enum class)"
    line = r"[^\n]*\n"
    declared = rf"^((?://{line})*)((?:template{line})?{kinds} [^;\n]*\{{\n.*?^\}};)"
    found = re.findall(declared, text, re.DOTALL | re.MULTILINE)
    for comment, code in found:
        name = re.search(rf"{kinds} (?:\[\[\w+\]\] )?([\w<>]+)", code)[1]
        entries.append((name, paragraphs_of(comment), without_bodies(code)))
    return paragraphs_of(intro), entries


def without_bodies(code):
    """The declarations of a class: each function's body becomes a semicolon."""
    code = re.sub(r"^ *#define .*\\\n(?:.*\\\n)*.*\n|^#.*\n| *// ---.*\n", "", code, flags=re.MULTILINE)
    # Each option's setter.
    code = re.sub(r"ALIYUN_CRED_TIME\((\w+)\)", r"Config &\1(std::chrono::system_clock::time_point value);", code)
    code = re.sub(
        r"ALIYUN_CRED_\w+\((\w+), (.*)\)", lambda to: f"Config &{to[1]}({to[2]} value);".replace("& v", "&v"), code
    )
    head, opening, rest = code.partition("{\n")
    kept, statement, depth, body = [head + opening], "", 0, False
    for piece in re.findall(r"//[^\n]*\n?|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])'|.|\n", rest):
        if piece == "{":
            depth += 1
            # Of a function, and not among the arguments of what a constructor initialises.
            if depth == 1 and statement.count("(") == statement.count(")") > 0 and "=" not in statement.split("(")[0]:
                body = True
                # Without the members that a constructor initialises.
                kept.append(re.sub(r"\)((?: \w+)*)\s+: .*", r")\1", statement, flags=re.DOTALL).rstrip() + ";")
        if not body:
            statement += piece
        if piece == "}":
            depth -= 1
            if depth == 0 and body:
                body, statement = False, ""
        if depth == 0 and not body and (piece in ";" or piece.startswith("//")):
            kept.append(statement)
            statement = ""
    return re.sub(r"\n{3,}", "\n\n", "".join(kept) + statement)


def write(folder):
    folder.mkdir(parents=True, exist_ok=True)
    headers = {"aliyun_cred.h": c_header, "aliyun_cred.hpp": cpp_header}
    contents = {name: read((ROOT / "include" / name).read_text("utf-8")) for name, read in headers.items()}
    targets = targets_of(contents["aliyun_cred.h"][1])
    for name, (intro, entries) in contents.items():
        (folder / f"{name}.html").write_text("\n".join(document(name, intro, entries, targets)), "utf-8")
