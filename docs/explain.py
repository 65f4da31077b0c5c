#!/usr/bin/env python3
"""Draws docs/explain.svg: what `aliyun-cred explain` shows in a terminal (`make picture`).

The machine is a pod whose OIDC token is refused, with a CLI profile that assumes a role; its services are the
emulator's. The text is the command's own. What differs between two runs (times, the folder, the port, request IDs,
keys) is replaced by fixed values, so that tests/docs.py can compare the picture with a new one.
"""

import os
import pathlib
import pty
import re
import subprocess
import sys
import tempfile
from xml.sax.saxutils import escape

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tests"))
from emulator import TARGET, Emulator  # noqa: E402
from home import write_config  # noqa: E402

PICTURE = ROOT / "docs/explain.svg"
PROGRAM = TARGET / "aliyun-cred"
ACCOUNT = "acs:ram::1000000000000001"
KEY = {"access_key_id": "LTAIEmulatorUser", "access_key_secret": "EmulatorUserSecret"}
ROLE = {"source_profile": "ops", "ram_role_arn": f"{ACCOUNT}:role/deployer", "ram_session_name": "deploy"}
PROFILES = [{"name": "ops", "mode": "AK", **KEY}, {"name": "staging", "mode": "ChainableRamRoleArn", **ROLE}]
POD = {
    "ALIBABA_CLOUD_ROLE_ARN": f"{ACCOUNT}:role/pod",
    "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": f"{ACCOUNT}:oidc-provider/ack",
}
COMMAND = "aliyun-cred explain"

# The attributes of a terminal that the command uses -> a class of the picture.
CLASSES = {"2": "dim", "31": "red", "32": "green"}
WIDTH, LINE, SIZE, MARGIN = 8.43, 20, 14, 18
FONTS = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace'


def shown():
    """What the command writes to a terminal, with its escape sequences."""
    # Short on every system: no line is broken elsewhere because of it.
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="") as folder:
        home = pathlib.Path(folder)
        write_config(home, {"current": "staging", "profiles": PROFILES})
        (home / "oidc-token").write_text("of-another-cluster")
        with Emulator(home) as emulator:
            emulator.reset(oidc=[{"provider_arn": POD["ALIBABA_CLOUD_OIDC_PROVIDER_ARN"], "token": "of-this-cluster"}])
            # It answers for the real host names behind its proxy.
            network = {"HTTPS_PROXY": emulator.addresses["proxy"], "SSL_CERT_FILE": emulator.addresses["ca"]}
            pod = {**POD, "ALIBABA_CLOUD_OIDC_TOKEN_FILE": str(home / "oidc-token")}
            text = on_a_terminal([PROGRAM, *COMMAND.split()[1:]], {"HOME": folder, **network, **pod})
        return text.replace(folder, "/home/user")


def on_a_terminal(command, environment):
    ours, theirs = pty.openpty()
    with subprocess.Popen([str(word) for word in command], env=environment, stdout=theirs) as process:
        os.close(theirs)
        read = bytearray()
        # Linux reports the end of a terminal as an error.
        try:
            while part := os.read(ours, 65536):
                read += part
        except OSError:
            pass
        os.close(ours)
    if process.returncode != 0:
        sys.exit(f"{command} ended with {process.returncode}")
    return read.decode().replace("\r\n", "\n")


def settled(text):
    """The text without what differs between two runs."""
    # The expiration, and the two ends of the refresh.
    ends = iter(("17:00:00", "16:15:00", "16:45:00"))
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:]{8}Z", lambda _: f"2026-03-02T{next(ends)}Z", text)
    # Of each source, and of its request. A line may end before the unit.
    times = iter(("43", "41", "38", "36"))
    text = re.sub(r"\b\d+(?=\s+ms\b)", lambda _: next(times), text)
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:3128", text)
    text = re.sub(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", "5A1C09B4-77E2-5D0B-9C33-6E0F1B7D2A58", text)
    return re.sub(r"STS\.\w{4}\*{4}\w{4}", "STS.NV4c****8Kdq", text)


def spans(line):
    """A line's parts, with their classes."""
    name = None
    for code, text in re.findall(r"(?:\x1b\[(\d+)m)?([^\x1b]*)", line):
        name = CLASSES.get(code) if code else name
        if text:
            yield name, text


def svg(text):
    prompt = [[("dim", "$ "), ("bold", COMMAND)]]
    lines = prompt + [list(spans(line)) for line in text.rstrip("\n").splitlines()]
    columns = max(sum(len(part) for _, part in line) for line in lines)
    width, height = round(columns * WIDTH + 2 * MARGIN), LINE * len(lines) + 2 * MARGIN
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
    yield f"<title>{COMMAND}</title>"
    yield f"""<style>
rect {{ fill: #f6f8fa; stroke: #d1d9e0 }}
text {{ font: {SIZE}px {FONTS}; white-space: pre; fill: #1f2328 }}
.dim {{ fill: #59636e }}
.red {{ fill: #cf222e; font-weight: bold }}
.green {{ fill: #1a7f37; font-weight: bold }}
.bold {{ font-weight: bold }}
@media (prefers-color-scheme: dark) {{
rect {{ fill: #161b22; stroke: #3d444d }}
text {{ fill: #e6edf3 }}
.dim {{ fill: #9198a1 }}
.red {{ fill: #ff7b72 }}
.green {{ fill: #3fb950 }}
}}
</style>"""
    yield f'<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"/>'
    for number, line in enumerate(lines):
        if line:
            parts = (f'<tspan class="{name}">{escape(part)}</tspan>' if name else escape(part) for name, part in line)
            y = MARGIN + LINE * number + SIZE
            yield f'<text x="{MARGIN}" y="{y}" xml:space="preserve">{"".join(parts)}</text>'
    yield "</svg>"


def picture():
    return "\n".join(svg(settled(shown()))) + "\n"


if __name__ == "__main__":
    PICTURE.write_text(picture(), "utf-8")
