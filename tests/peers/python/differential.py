#!/usr/bin/env python3
"""Compares the official package with ours, side by side.

Runs every scenario of `tests/scenarios` but the hostile ones with both, in the same environment and against the same
emulator, first in a thread, then with asyncio. Every difference has to be listed in docs/differences.md, and every
listed difference has to occur.

Compares, call by call, whether there is a credential or an error; all six fields of a credential; and the class of an
error (ours has to be an instance of the official one) and its text. A text has to be equal to the letter if the
construction raised it, else in its first words: up to the first colon or, where a reply is quoted, up to the reply. An
official text without a colon has to be the beginning of ours, which goes on to say what to do.

Compares each source's entry in a chain's error in the same way; sources that only ours has are left out.

Searches what either package prints, `str` and `repr` of its results, and the texts of its errors for the scenario's
secrets; ours must show none.

    differential.py           all scenarios
    differential.py NAME...   some of them, and what came out of both
"""

import ast
import asyncio
import contextlib
import hashlib
import importlib
import ipaddress
import json
import os
import pathlib
import re
import resource
import signal
import socket
import sys
import tempfile
import traceback
from concurrent.futures import ProcessPoolExecutor

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(ROOT / "tests/scenarios"))
sys.path.append(str(ROOT / "tests"))
from emulator import Emulator  # noqa: E402
from run import AT_ONCE, prepare, secrets_of, shows  # noqa: E402
from scenario import comparable  # noqa: E402

PAGE = ROOT / "docs/differences.md"
PACKAGES = ("alibabacloud_credentials", "aliyun_cred")
FIELDS = ("access_key_id", "access_key_secret", "security_token", "bearer_token", "type", "provider_name")
SECRETS = {"access_key_secret", "security_token", "bearer_token"}
# More than anything takes that ends. What does not end has `end` as its difference.
MEMORY = 1 << 30
SECONDS = 15
MODES = {"sync": "### Scenarios that come out differently", "async": "### ... and with asyncio"}
# What the emulator makes up, differently each time.
ISSUED = re.compile(r"STS\.N\w{20,}|TMPSK\.\w+")


# --- one package, one scenario, in a process of its own


def stay_here(*_):
    raise OSError("the test stays on loopback")


def only_loopback():
    """Nothing that the official package's own code asks for leaves the machine."""
    connect, lookup = socket.socket.connect, socket.getaddrinfo

    def is_loopback(host):
        try:
            return host == "localhost" or ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False

    socket.socket.connect = lambda self, to: connect(self, to) if is_loopback(to[0]) else stay_here()
    socket.getaddrinfo = lambda host, *rest, **more: lookup(host, *rest, **more) if is_loopback(host) else stay_here()


def lead_to(emulator):
    """Leads the official package to the emulator where its code names an address. Imports what it needs, once.

    Its other requests go through `HTTPS_PROXY`, and the authority that it trusts is the emulator's.
    """
    import certifi

    certifi.where = lambda: emulator.addresses["ca"]
    # What the official package imports, and does not change with the environment.
    for name in ("aiohttp", "requests", "alibabacloud_credentials_api", "apscheduler.schedulers.background"):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    from Tea.core import TeaCore

    do_action, async_do_action = TeaCore.do_action, TeaCore.async_do_action

    @contextlib.contextmanager
    def led(request):
        metadata = os.environ.get("ALIBABA_CLOUD_ECS_METADATA_ENDPOINT")
        if request.headers.get("host") != "100.100.100.200" or not metadata:
            yield
            return
        request.headers["host"] = metadata.removeprefix("http://")
        # Its service is not reached through a proxy, whatever the environment says.
        proxies = {name: os.environ.pop(name) for name in ("HTTP_PROXY", "http_proxy") if name in os.environ}
        try:
            yield
        finally:
            os.environ.update(proxies)

    def to_the_emulator(request, *rest):
        with led(request):
            return do_action(request, *rest)

    async def to_the_emulator_async(request, *rest):
        with led(request):
            return await async_do_action(request, *rest)

    TeaCore.do_action = staticmethod(to_the_emulator)
    TeaCore.async_do_action = staticmethod(to_the_emulator_async)


def said(exception):
    classes = [base.__name__ for base in type(exception).__mro__ if base not in (BaseException, object)]
    attempts = {attempt.provider: attempt.message for attempt in getattr(exception, "attempts", ())}
    return {"error": {"classes": classes, "text": str(exception), "attempts": attempts}}


def fingerprint(name, value):
    if value is None or not value:
        return None
    if ISSUED.fullmatch(value):
        return "issued"
    # Never a secret in a result.
    return f"sha256 {hashlib.sha256(value.encode()).hexdigest()}" if name in SECRETS else value


def resolve(package, scratch, calls, mode):
    """What `calls` calls bring, from a client as a user makes it."""
    client_class = importlib.import_module(f"{package}.client").Client
    config_class = importlib.import_module(f"{package}.models").Config
    configured = scratch / "config.json"
    try:
        options = json.loads(configured.read_text("utf-8")) if configured.exists() else None
        config = None if options is None else config_class(**options)
        print(config, repr(config))
        client = client_class(config)
    except Exception as exception:
        print(exception, repr(exception))
        return [{"construction": True, **said(exception)}]
    print(client, repr(client))
    loop = asyncio.new_event_loop()
    outcomes = []
    for _ in range(calls):
        try:
            if mode == "async":
                credential = loop.run_until_complete(client.get_credential_async())
            else:
                credential = client.get_credential()
            print(credential, repr(credential))
            fields = {name: fingerprint(name, getattr(credential, name)) for name in FIELDS}
            if fields["access_key_id"] == "issued":
                fields.update({name: "issued" for name in SECRETS if fields[name]})
            outcomes.append(fields)
        except Exception as exception:
            print(exception, repr(exception))
            outcomes.append(said(exception))
    return outcomes


def ask(package, scratch, environment, calls, mode):
    """Runs `resolve` in a forked child with that environment only; gives what it brings, and what it printed."""
    result, printed = scratch / "result.json", scratch / "printed"
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            signal.alarm(SECONDS)
            # The official package reads what a command prints for as long as it prints.
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            # And prints what it was given, or part of it.
            resource.setrlimit(resource.RLIMIT_FSIZE, (MEMORY, MEMORY))
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            sink = os.open(printed, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
            for descriptor in (1, 2):
                os.dup2(sink, descriptor)
            os.environ.clear()
            os.environ.update(environment)
            os.chdir(scratch)
            result.write_text(json.dumps(resolve(package, scratch, calls, mode)), "utf-8")
            sys.stdout.flush()
            status = 0
        except BaseException:
            result.write_text(traceback.format_exc(), "utf-8")
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    text = result.read_text("utf-8") if result.exists() else ""
    shown = printed.read_text("utf-8", "replace")
    if os.WIFSIGNALED(status):
        # By the alarm, or for want of memory.
        return [], shown
    if status != 0:
        raise AssertionError(f"{package} ended with status {status}: {text}")
    return json.loads(text), shown


# --- the comparison


def first_words(text):
    """How much of an official text ours has to begin with."""
    quoting = re.match(r"error re(?:fresh|triev)ing credentials from .*?result:", text)
    return quoting[0] if quoting else text.partition(": ")[0]


# Official names of the sources of the chain.
CLASSES = {
    "env": "EnvironmentVariableCredentialsProvider",
    "oidc_role_arn": "OIDCRoleArnCredentialsProvider",
    "cli_profile": "CLIProfileCredentialsProvider",
    "profile": "ProfileCredentialsProvider",
    "ecs_ram_role": "EcsRamRoleCredentialsProvider",
    "credential_uri": "URLCredentialsProvider",
    "env_legacy": "LegacyEnvironmentVariableCredentialsProvider",
    "env_oss": "OSSEnvironmentVariableCredentialsProvider",
    "env_terraform": "TerraformEnvironmentVariableCredentialsProvider",
    "oss_profile": "OSSProfileCredentialsProvider",
}


def entries(text):
    """The official package's list of a chain's failures: the class of each source, and its text."""
    found = re.search(r" in the chain: (\[.*\])$", text, re.DOTALL)
    if not found:
        return {}
    return dict(entry.partition(": ")[::2] for entry in ast.literal_eval(found[1]))


def differences(official, ours):
    """In what two lists of outcomes differ."""
    if not official or not ours:
        return set() if official == ours else {"end"}
    found = set()
    if official[0].get("construction") != ours[0].get("construction"):
        found.add("construction")
    if len(official) != len(ours):
        official, ours = official[:1], ours[:1]
    for theirs, mine in zip(official, ours):
        if ("error" in theirs) != ("error" in mine):
            found.add("outcome")
        elif "error" in theirs:
            theirs, mine = theirs["error"], mine["error"]
            if theirs["classes"][0] not in mine["classes"]:
                found.add("class")
            exact = "construction" in official[0]
            if not (mine["text"] == theirs["text"] if exact else mine["text"].startswith(first_words(theirs["text"]))):
                found.add("text")
            # Of Node, the entries are not compared.
            mine = {CLASSES[source]: text for source, text in mine.get("attempts", {}).items()}
            for source, text in entries(theirs["text"]).items():
                if not mine.get(source, "").startswith(first_words(text)):
                    found.add("chain")
        else:
            found.update(name for name in FIELDS if theirs[name] != mine[name])
    return found


def table(heading, language="Python"):
    """One of the page's tables: scenario -> what differs. Its first two cells are names in backticks."""
    part = PAGE.read_text("utf-8").partition(f"\n## {language}\n")[2].partition("\n## ")[0]
    section = part.partition(f"{heading}\n")[2].partition("\n#")[0]
    found = {}
    for scenarios, aspects in re.findall(r"^\| (`[^|]*`) \| (`[^|]*`|nothing) \|", section, re.MULTILINE):
        for scenario in re.findall(r"`(\w+)`", scenarios):
            if scenario in found:
                raise SystemExit(f"docs/differences.md lists {scenario} twice under {heading!r}")
            found[scenario] = set(re.findall(r"`(\w+)`", aspects))
    return found


def show(name, results):
    print(f"--- {name}")
    for package, outcomes in results.items():
        for outcome in outcomes:
            print(f"{package}: {json.dumps(outcome)}")


def outcomes_of(folders):
    """What both packages give for each scenario in each mode, and which of them showed a secret there.

    A process of its own, with an emulator of its own: the official package is led to one emulator for good."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="aliyun-cred-") as temporary, Emulator(temporary) as emulator:
        lead_to(emulator)
        only_loopback()
        for mode in MODES:
            for folder in folders:
                found[mode, folder.name] = ask_both(mode, folder, emulator, pathlib.Path(temporary))
    return found


def ask_both(mode, folder, emulator, temporary):
    results, leaking = {}, []
    for package in PACKAGES:
        scratch = temporary / mode / package / folder.name
        scratch.mkdir(parents=True)
        scenario, environment, files = prepare(folder, emulator, scratch)
        outcomes, shown = ask(package, scratch, environment, scenario.get("calls", 1), mode)
        # The homes of the two have different names.
        results[package] = json.loads(json.dumps(outcomes).replace(str(scratch), ""))
        if shows(shown, secrets_of(scenario, files)):
            leaking.append(package)
    return results, leaking


def compare(mode, folders, expected, found, verbose):
    """Compares what scenarios gave in one mode, and returns how many did not come out as the page says."""
    failed = 0
    leaks = dict.fromkeys(PACKAGES, 0)
    for folder in folders:
        results, leaking = found[mode, folder.name]
        for package in leaking:
            leaks[package] += 1
            if package == "aliyun_cred":
                failed += 1
                print(f"FAILED {folder.name}, {mode}: a secret shows")
        differing = differences(*results.values())
        if verbose:
            show(f"{folder.name}, {mode}", results)
        for aspect in sorted(differing - expected.get(folder.name, set())):
            failed += 1
            print(f"FAILED {folder.name}, {mode}: {aspect} differs, and docs/differences.md does not say so")
        for aspect in sorted(expected.get(folder.name, set()) - differing):
            failed += 1
            print(f"FAILED {folder.name}, {mode}: docs/differences.md says that {aspect} differs, and it does not")
    same = sum(not expected.get(folder.name) for folder in folders)
    print(f"official and ours, {mode}: {len(folders)} scenarios, {same} the same, {len(folders) - same} listed")
    print(
        "scenarios in which a secret shows in a text: " + ", ".join(f"{name} {count}" for name, count in leaks.items())
    )
    return failed


def main():
    names = sys.argv[1:]
    folders = comparable()
    known = {folder.name for folder in folders}
    folders = [folder for folder in folders if not names or folder.name in names]
    with ProcessPoolExecutor(AT_ONCE) as pool:
        parts = pool.map(outcomes_of, [folders[first::AT_ONCE] for first in range(AT_ONCE)])
        found = {key: outcome for part in parts for key, outcome in part.items()}
    expected, failed = {}, 0
    for mode, heading in MODES.items():
        more = table(heading)
        for name in sorted(set(more) - known):
            failed += 1
            print(f"FAILED {name}: docs/differences.md lists it, and there is no such scenario")
        # What the second table says of a scenario stands in place of what the first says.
        expected.update(more)
        failed += compare(mode, folders, expected, found, bool(names))
    print(f"{failed} failed")
    return 1 if failed or not folders else 0


if __name__ == "__main__":
    sys.exit(main())
