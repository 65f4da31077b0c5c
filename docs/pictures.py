#!/usr/bin/env python3
"""Draws docs/chain.svg and docs/life.svg, and both in Chinese: the default chain, and the life of a credential
(`make picture`).

The chain is what `aliyun-cred explain --json` lists: its order, and the variables and files of each source. The times
of a credential are those that the unit tests of cache/freshness.rs assert. tests/docs.py compares the pictures.
"""

import json
import re
import subprocess
import tempfile
import unicodedata
from xml.sax.saxutils import escape

from explain import PROGRAM, ROOT

LANGUAGES = ("", ".zh-CN")
WIDTH, MARGIN = 360, 16
SIZE, LINE = 12, 17
SANS = 'system-ui, -apple-system, "Segoe UI", "Noto Sans", "PingFang SC", "Noto Sans CJK SC", sans-serif'
MONO = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace'

# Where the metadata service is here; nothing listens there.
METADATA = "127.0.0.1:1"

# A source -> what decides whether it answers. Each is one that the command names for this source.
LOOKS_AT = {
    "env": ["ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
    "oidc_role_arn": [
        "ALIBABA_CLOUD_ROLE_ARN",
        "ALIBABA_CLOUD_OIDC_PROVIDER_ARN",
        "ALIBABA_CLOUD_OIDC_TOKEN_FILE",
    ],
    "cli_profile": ["~/.aliyun/config.json"],
    "profile": ["~/.alibabacloud/credentials.ini"],
    "ecs_ram_role": [METADATA],
    "credential_uri": ["ALIBABA_CLOUD_CREDENTIALS_URI"],
    "env_legacy": ["ALIYUN_ACCESS_KEY_ID", "ALIYUN_ACCESS_KEY_SECRET"],
    "env_oss": ["OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET"],
    "env_terraform": ["ALICLOUD_ACCESS_KEY", "ALICLOUD_SECRET_KEY"],
    "oss_profile": ["~/.oss/credentials"],
}
OTHER_TOOLS = {"env_oss", "env_terraform", "oss_profile"}
CHAIN_WORDS = {
    "": {
        "title": "The default chain: the first source that answers is kept",
        "ask": "a call asks, from the top",
        "metadata": "instance metadata service",
        "other": "of another tool",
        "end": "no answer: an error that lists every attempt",
    },
    ".zh-CN": {
        "title": "默认链：采用第一个给出凭证的来源",
        "ask": "调用自上而下依次询问",
        "metadata": "实例元数据服务",
        "other": "其他工具的来源",
        "end": "都没有：错误列出每一次尝试",
    },
}

LIFE_WORDS = {
    "": {
        "title": "The life of a credential of one hour",
        "times": ["0 min", "{later}–{stale} min", "{stale} min", "{end} min"],
        "phases": [
            (
                "first",
                "nothing is cached",
                "The call waits for the source. Callers that arrive together share one request.",
            ),
            ("fresh", "fresh", "A call returns the cached credential: no lock, no request."),
            (
                "prefetch",
                "prefetch window",
                "From a random moment of this window on, a refresh runs in the background. A call still returns the "
                "cached credential at once. The first window of a process begins at {first} min.",
            ),
            (
                "stale",
                "stale",
                "A call waits for the refresh. If that fails, the credential is returned all the same, and further "
                "refreshes run in the background.",
            ),
            (
                "expired",
                "expired",
                "It is no longer returned. A call waits for a refresh, and gets its error if it fails. The credential "
                "of an instance stays in use while the metadata service cannot be reached.",
            ),
        ],
    },
    ".zh-CN": {
        "title": "一个有效期一小时的凭证的一生",
        "times": ["0 分", "{later}–{stale} 分", "{stale} 分", "{end} 分"],
        "phases": [
            ("first", "没有缓存", "调用等待来源。同时到达的调用共享一个请求。"),
            ("fresh", "新鲜", "调用返回缓存的凭证：无锁，无请求。"),
            (
                "prefetch",
                "预取窗口",
                "从此窗口的某个随机时刻起，后台进行刷新。调用仍立即返回缓存的凭证。进程的第一个窗口从 {first} 分开始。",
            ),
            ("stale", "陈旧", "调用等待刷新。若刷新失败，仍返回该凭证，之后的刷新在后台进行。"),
            (
                "expired",
                "过期",
                "不再返回它。调用等待刷新，刷新失败则得到其错误。元数据服务无法访问时，实例的凭证继续使用。",
            ),
        ],
    },
}

STYLE = f"""<style>
text {{ font: {SIZE}px {SANS}; fill: #1f2328 }}
.mono {{ font: 11px {MONO}; fill: #59636e }}
.name {{ font: bold 13px {MONO} }}
.bold {{ font-weight: bold; font-size: 13px }}
.dim {{ fill: #59636e }}
.paper {{ fill: #f6f8fa; stroke: #d1d9e0 }}
.box {{ fill: #ffffff; stroke: #d1d9e0 }}
.guest {{ stroke-dasharray: 4 3 }}
.line {{ stroke: #59636e; fill: none }}
.first {{ fill: #59636e }} .fresh {{ fill: #1a7f37 }} .prefetch {{ fill: #0969da }}
.stale {{ fill: #bf8700 }} .expired {{ fill: #cf222e }}
@media (prefers-color-scheme: dark) {{
text {{ fill: #e6edf3 }}
.mono, .dim {{ fill: #9198a1 }}
.paper {{ fill: #161b22; stroke: #3d444d }}
.box {{ fill: #0d1117; stroke: #3d444d }}
.line {{ stroke: #9198a1 }}
.first {{ fill: #9198a1 }} .fresh {{ fill: #3fb950 }} .prefetch {{ fill: #58a6ff }}
.stale {{ fill: #d29922 }} .expired {{ fill: #ff7b72 }}
}}
</style>"""


def reported():
    """What the command says each source of the chain looks at, in its order: none of them answers here."""
    # Each has a key without its secret.
    keys = {LOOKS_AT[source][0]: "LTAI" for source in ("env", "env_legacy", "env_oss", "env_terraform")}
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **keys,
            "HOME": folder,
            "ALIBABA_CLOUD_ROLE_ARN": "acs:ram::1:role/a",
            "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": "acs:ram::1:oidc-provider/a",
            "ALIBABA_CLOUD_OIDC_TOKEN_FILE": f"{folder}/none",
            "ALIBABA_CLOUD_CREDENTIALS_URI": f"http://{METADATA}/",
            "ALIBABA_CLOUD_ECS_METADATA_ENDPOINT": f"http://{METADATA}",
            "OSS_PROFILE": "default",
        }
        done = subprocess.run(
            [PROGRAM, "explain", "--json"], env=environment, capture_output=True, text=True, timeout=60
        )
        for source in json.loads(done.stdout)["sources"]:
            places = [variable["name"] for variable in source["variables"]]
            places += [file["path"].replace(folder, "~") for file in source["files"]]
            places += [request["host"] for request in source["requests"]]
            yield source["source"], places


def times():
    """The minutes of a credential of one hour."""
    text = (ROOT / "crates/aliyun-cred/src/cache/freshness.rs").read_text("utf-8")
    pattern = r"times\(HOUR, true, 0\.0\), Times \{ prefetch: ([\d_]+), stale: ([\d_]+), end: HOUR"
    first, stale = re.search(pattern, text).groups()
    later = re.search(r"times\(HOUR, false, 0\.0\)\.prefetch, ([\d_]+)", text)[1]
    ages = {"first": first, "later": later, "stale": stale, "end": 3_600_000}
    return {name: int(age) // 60_000 for name, age in ages.items()}


def wide(text):
    """About how many times the size of its letters a text is wide."""
    return sum(1.0 if unicodedata.east_asian_width(letter) in "WF" else 0.56 for letter in text)


def lines_of(text, width):
    """A text in lines; Chinese may be broken anywhere but before a mark."""
    lines = [""]
    for piece in re.findall(r"[\u3000-\uffef][，。：；、）]?|[^\s\u3000-\uffef]+\s*|\s+", text):
        if wide((lines[-1] + piece).rstrip()) * SIZE > width:
            lines.append("")
        lines[-1] += piece
    return [line.rstrip() for line in lines]


def text_at(x, y, text, name="", anchor=""):
    attributes = (f' class="{name}"' if name else "") + (f' text-anchor="{anchor}"' if anchor else "")
    return f'<text x="{x}" y="{y}"{attributes}>{escape(text)}</text>'


def svg(title, height, parts):
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    paper = f'<rect class="paper" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="8"/>'
    head = [f'<svg xmlns="http://www.w3.org/2000/svg" {size}>', f"<title>{title}</title>", STYLE, paper]
    return "\n".join([*head, *parts, "</svg>", ""])


def chain(suffix):
    words = CHAIN_WORDS[suffix]
    y, parts = MARGIN + SIZE, [text_at(WIDTH / 2, MARGIN + SIZE, words["ask"], "dim", "middle")]
    y += 8
    for number, (source, places) in enumerate(reported(), start=1):
        if missing := set(LOOKS_AT[source]) - set(places):
            raise SystemExit(f"{source} looks at {places}, and not at {missing}")
        shown = [words["metadata"]] if source == "ecs_ram_role" else LOOKS_AT[source]
        height = 28 + 15 * len(shown)
        parts.append(f'<path class="line" d="M{WIDTH / 2} {y} v10 m-4 -4 l4 4 l4 -4"/>')
        y += 11
        guest = " guest" if source in OTHER_TOOLS else ""
        parts.append(
            f'<rect class="box{guest}" x="{MARGIN}" y="{y}" width="{WIDTH - 2 * MARGIN}" height="{height}" rx="6"/>'
        )
        parts.append(text_at(MARGIN + 24, y + 19, f"{number}", "dim", "end"))
        parts.append(text_at(MARGIN + 34, y + 19, source, "name"))
        if guest:
            parts.append(text_at(WIDTH - MARGIN - 10, y + 19, words["other"], "dim", "end"))
        for index, place in enumerate(shown):
            name = "dim" if source == "ecs_ram_role" else "mono"
            parts.append(text_at(MARGIN + 34, y + 35 + 15 * index, place, name))
        y += height
    parts.append(f'<path class="line" d="M{WIDTH / 2} {y} v10 m-4 -4 l4 4 l4 -4"/>')
    parts.append(text_at(WIDTH / 2, y + 28, words["end"], "dim", "middle"))
    return svg(words["title"], y + 28 + MARGIN, parts)


def life(suffix):
    words, minutes = LIFE_WORDS[suffix], times()
    left, y, parts = 96, MARGIN, []
    for index, (phase, name, text) in enumerate(words["phases"]):
        lines = lines_of(text.format(**minutes), WIDTH - left - MARGIN)
        height = 26 + LINE * len(lines) + 8
        parts.append(f'<rect class="{phase}" x="{left - 18}" y="{y}" width="6" height="{height - 4}" rx="3"/>')
        if index:
            # The time at which the phase begins.
            parts.append(text_at(left - 26, y + SIZE, words["times"][index - 1].format(**minutes), "dim", "end"))
        parts.append(text_at(left, y + SIZE, name, f"bold {phase}"))
        parts += [text_at(left, y + 30 + LINE * number, line) for number, line in enumerate(lines)]
        y += height
    return svg(words["title"], y + MARGIN - 8, parts)


def pictures():
    """Each picture, by its file."""
    return {ROOT / f"docs/{draw.__name__}{suffix}.svg": draw(suffix) for draw in (chain, life) for suffix in LANGUAGES}


if __name__ == "__main__":
    for path, picture in pictures().items():
        path.write_text(picture, "utf-8")
