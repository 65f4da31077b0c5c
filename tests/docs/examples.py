"""Compiles and runs the code blocks of the documentation, against the emulator. `blocks.py` says how they are marked.

- Python and JavaScript: programs and bodies are run, the rest is parsed.
- Rust, C and C++: programs are compiled, and run if they have a `main`; bodies are compiled; in a fragment the brackets
  match and names of the C API exist.
- sh: `bash -n`; each command of ours exists, with these options or targets.
- json, toml, yaml, ini: parsed. A RAM policy and a workflow have what they need.

A program or a body that needs a package which is not installed (`make test-python-peers` and `make test-node-peers`
install the SDKs) is parsed only; REQUIRE_ALL=1 makes that a failure.

A program finds a home with a CLI profile, and services that answer for the real host names. The keys in `KEYS` exist.
"""

import configparser
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

from blocks import KINDS, every, shown, stray_marks
from emulator import TARGET, WATCHDOG_SECONDS, Emulator
from home import write_config
from pages import ROOT

BUILD = Path(os.environ.get("BUILD_DIR", ROOT / ".build"))
BLOCKS = BUILD / "docs-examples"
HERE = Path(__file__).resolve().parent
# Longer than the blocks of a language take as a whole.
ALL_SECONDS = 600
# Shown, and never checked.
UNCHECKED = {"text", "cmake", "diff", "dockerfile", "hcl", "powershell"}

ACCOUNT = "1234567890123456"
KEYS = [
    {"id": key, "secret": secret, "account": ACCOUNT, "user": user}
    for key, secret, user in (("LTAIdemo", "demo-secret", "alice"), ("LTAI...", "...", "bob"))
]
SERVICE = {
    "access_keys": KEYS,
    "metadata": {"role": "app"},
    "secrets": [{"name": "app/key", "region": "cn-hangzhou", "account": ACCOUNT, "user": "rotated"}],
}
DEFAULT = {"name": "default", "mode": "AK", "access_key_id": "LTAIdemo", "access_key_secret": "demo-secret"}
ROLES = [
    {
        "name": name,
        "mode": "ChainableRamRoleArn",
        "source_profile": "default",
        "ram_role_arn": f"acs:ram::{ACCOUNT}:role/{name}",
        "ram_session_name": "docs",
    }
    for name in ("admin", "reader", "staging")
]
PROFILES = {"current": "default", "profiles": [DEFAULT, *ROLES]}


def environment(emulator, home):
    """What a program of a page finds."""
    addresses = emulator.addresses
    authority = ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "HTTPS_PROXY": addresses["proxy"],
        **dict.fromkeys(authority, addresses["ca"]),
        "ALIBABA_CLOUD_ECS_METADATA_ENDPOINT": addresses["metadata"],
    }


def check_examples():
    """Pairs of a sentence and whether it is true."""
    for page in shown():
        yield f"{page}: every mark of an example stands before a block", stray_marks(page) == 0
    by_language = {}
    for block in every():
        yield f"{block}: there is a kind {block.kind}", block.kind in KINDS
        by_language.setdefault(block.language, []).append(block)
    yield "the pages have code blocks of many languages", by_language.keys() >= CHECKERS.keys() - {"toml"}
    with tempfile.TemporaryDirectory(prefix="aliyun-cred-docs-") as temporary:
        home = Path(temporary, "home")
        write_config(home, PROFILES)
        with Emulator(temporary) as emulator, ThreadPoolExecutor(os.cpu_count() or 2) as pool:
            emulator.reset(**SERVICE)
            env = environment(emulator, home)
            jobs = [pool.submit(check, language, found, env) for language, found in by_language.items()]
            for job in jobs:
                yield from job.result()


def check(language, blocks, env):
    """Outcomes of all blocks of a language."""
    checked = [block for block in blocks if block.kind != "output" and language not in UNCHECKED]
    if not checked:
        return []
    if language not in CHECKERS:
        return [(f"{block}: {language or 'a block without a language'} can be checked", False) for block in checked]
    problems = CHECKERS[language](checked, env)
    outcomes = []
    for block in checked:
        problem = problems.get(block)
        # Of others.
        missing = problem and re.match(r"needs the module (?!aliyun[_-]cred)", problem)
        if missing and not os.environ.get("REQUIRE_ALL"):
            print(f"{block}: not run: it {problem}", flush=True)
            problem = None
        outcomes.append((f"{block}: {block.kind} in {language}" + (f": {problem}" if problem else ""), not problem))
    return outcomes


def written(block, ending, text):
    path = BLOCKS / f"{block.stem}.{ending}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def said(command, timeout=WATCHDOG_SECONDS, **options):
    """What a command that failed printed, or None."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=timeout, **options)
    except subprocess.TimeoutExpired:
        return f"{Path(words[0]).name} did not end within {timeout} s"
    return None if done.returncode == 0 else f"{Path(words[0]).name} ended with {done.returncode}:\n{done.stderr}"


def run_in_one(command, files, env):
    """Lets a runner run or parse blocks, `files` by block; returns what is wrong, by block."""
    results = BLOCKS / f"{Path(command[-1]).stem}.json"
    results.unlink(missing_ok=True)
    arguments = [f"{block.kind}:{path}" for block, path in files.items()]
    # The runner itself has the watchdog of each block.
    if problem := said([*command, results, *arguments], timeout=ALL_SECONDS, env=env, cwd=env["HOME"]):
        return dict.fromkeys(files, problem)
    found = json.loads(results.read_text("utf-8"))
    return {block: found[str(path)] for block, path in files.items()}


# --- Python and JavaScript


def check_python(blocks, env):
    peers = BUILD / f"peers/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    files = {block: written(block, "py", block.text) for block in blocks}
    # The SDKs, behind our own package as it was built last.
    return run_in_one([BUILD / "venv/bin/python", HERE / "run_python.py"], files, {**env, "DOCS_PEERS": str(peers)})


# A body's names; the block is inside of another, so that it may declare them itself.
NODE_BODY = """const {{ default: Credential, Config }} = require('aliyun-cred');
const log = {{ warn() {{}}, error() {{}} }};
(async (client) => {{
  {{
{}
  }}
}})(new Credential());
"""


def check_node(blocks, env):
    link_modules(BLOCKS / "node_modules")
    files = {}
    for block in blocks:
        if block.kind == "body":
            files[block] = written(block, "cjs", NODE_BODY.format(block.text))
        else:
            is_module = re.search(r"^(import|export) ", block.text, re.MULTILINE)
            files[block] = written(block, "mjs" if is_module else "cjs", block.text)
    command = ["node", "--experimental-vm-modules", "--no-warnings", HERE / "run_node.js"]
    return run_in_one(command, files, env)


def link_modules(folder):
    """Links to our package, as it is in this repository, and to the SDKs that other tests have installed."""
    folder.mkdir(parents=True, exist_ok=True)
    modules = [ROOT / "node"]
    for installed in (BUILD / "peers-node/beside/node_modules", BUILD / "demo/node_modules"):
        modules += [*installed.glob("[!.@]*"), *installed.glob("@*/*")]
    for module in modules:
        scope = module.parent.name if module.parent.name.startswith("@") else ""
        link = folder / scope / ("aliyun-cred" if module == ROOT / "node" else module.name)
        link.parent.mkdir(exist_ok=True)
        if not link.is_symlink():
            link.symlink_to(module)


# --- Rust, C and C++

RUST_BODY = """use aliyun_cred::*;
fn sign(_id: Option<&str>, _secret: Option<&str>, _token: Option<&str>) {{}}
async fn body(client: Client, base: Client, config: Config) -> std::result::Result<(), Box<dyn std::error::Error>> {{
    {{
{}
    }};
    Ok(())
}}
"""
# What is left out by `cfg` is parsed all the same.
RUST_FRAGMENT = "#[cfg(any())]\nasync fn fragment() {{\n{}\n}}\n"
RUST_RUN = "pub fn run() -> std::process::ExitCode {\n    std::process::Termination::report(main())\n}\n"
RUST_MAIN = """fn main() -> std::process::ExitCode {{
match std::env::args().nth(1).as_deref() {{
{}
_ => std::process::ExitCode::FAILURE,
}}
}}
"""


def check_rust(blocks, env):
    """One program, with a module for each block. Its first argument is the number of the block to run."""
    modules, runs = [], []
    # The README of a crate that is its documentation: `cargo test` compiles it, with the crate's own dependencies.
    blocks = [block for block in blocks if not is_doctest(block)]
    for number, block in enumerate(blocks):
        text = {"body": RUST_BODY.format, "fragment": RUST_FRAGMENT.format}.get(block.kind, str)(block.text)
        if is_run(block):
            text += RUST_RUN
            runs.append(f'Some("{number}") => {block.stem}::run(),')
        modules.append(f'#[path = "{written(block, "rs", text)}"]\nmod {block.stem};')
    source = BLOCKS / "pages.rs"
    source.write_text("\n".join([*modules, RUST_MAIN.format("\n".join(runs))]), "utf-8")
    packages = ("aliyun-cred", "aliyun-cred-emulator", "aliyun-cred-cli", "aliyun-cred-probes")
    selected = [word for package in packages for word in ("-p", package)]
    command = ["cargo", "build", "--quiet", "--locked", "--offline", *selected]
    command += ["--bin", "pages", "--features", "aliyun-cred-probes/pages"]
    if problem := said(command, timeout=None, cwd=ROOT, env={**os.environ, "PAGES": str(source)}):
        # The compiler names their files; nothing is run then.
        return dict.fromkeys([block for block in blocks if f"{block.stem}.rs:" in problem] or blocks, problem)
    return {
        block: said([TARGET / "pages", number], env=env, cwd=env["HOME"])
        for number, block in enumerate(blocks)
        if is_run(block)
    }


def is_doctest(block):
    crate = re.fullmatch(r"(crates/[\w-]+)/README.md", block.page)
    return crate is not None and 'include_str!("../README.md")' in (ROOT / crate[1] / "src/lib.rs").read_text("utf-8")


def is_run(block):
    return block.kind == "program" and re.search(r"\b(fn|int) main\(", block.text) is not None


C_BODY = """#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "aliyun_cred.h"
void sign(const char *id, const char *secret, const char *token);
void body(aliyun_cred_client_t *client, aliyun_cred_client_t *base, aliyun_cred_config_t *config,
          aliyun_cred_credentials_t *credentials, aliyun_cred_error_t *error);
void body(aliyun_cred_client_t *client, aliyun_cred_client_t *base, aliyun_cred_config_t *config,
          aliyun_cred_credentials_t *credentials, aliyun_cred_error_t *error) {{
    {{
{}
    }}
}}
"""
CPP_BODY = """#include <iostream>
#include "aliyun_cred.hpp"
void sign(std::string_view id, std::string_view secret, std::optional<std::string_view> token);
void body(aliyun_cred::Client &client, aliyun_cred::Client &base, aliyun_cred::Config &config) {{
    {{
{}
    }}
}}
"""
WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wno-unused-variable", "-Wno-unused-parameter", "-Wno-unused-function"]
WARNINGS += ["-Wno-unused-but-set-variable", "-Wno-unused-but-set-parameter"]


def check_c(blocks, env):
    return compiled([os.environ.get("CC", "cc")], "c", C_BODY, blocks, env)


def check_cpp(blocks, env):
    return compiled([os.environ.get("CXX", "c++"), "-std=c++17"], "cpp", CPP_BODY, blocks, env)


def compiled(compiler, ending, body, blocks, env):
    library = BLOCKS / ending
    library.mkdir(parents=True, exist_ok=True)
    # As in an installation: the name for the linker, and the name for the loader.
    for name in ("libaliyun_cred.so", "libaliyun_cred.so.0"):
        (library / name).unlink(missing_ok=True)
        (library / name).symlink_to(TARGET / "libaliyun_cred.so")
    # The declarations that stand in for the SDKs of the adapters.
    compiler = [*compiler, *WARNINGS, f"-I{ROOT / 'include'}", f"-I{ROOT / 'tests/c/sdk'}"]
    link = [f"-L{library}", "-laliyun_cred", f"-Wl,-rpath,{library}", "-pthread"]

    def problem(block):
        if block.kind == "fragment":
            return unknown_names(block.text) or unbalanced(block.text)
        path = written(block, ending, body.format(block.text) if block.kind == "body" else block.text)
        if not is_run(block):
            return said([*compiler, "-fsyntax-only", path])
        program = path.with_suffix(".out")
        return said([*compiler, "-o", program, path, *link]) or said([program], env=env, cwd=env["HOME"])

    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        return dict(zip(blocks, pool.map(problem, blocks)))


def unknown_names(text):
    headers = "".join(path.read_text("utf-8") for path in ROOT.glob("include/**/*.h*"))
    names = set(re.findall(r"\b(?:aliyun_cred|ALIYUN_CRED)_\w+", text))
    unknown = names - set(re.findall(r"\w+", headers))
    return f"no header has {', '.join(sorted(unknown))}" if unknown else None


def unbalanced(text):
    text = re.sub(r'"(\\.|[^"\\\n])*"|\'(\\.|[^\'\\\n])+\'|//.*|/\*.*?\*/', "", text, flags=re.DOTALL)
    while (shorter := re.sub(r"\(\)|\[\]|\{\}", "", re.sub(r"[^()\[\]{}]", "", text))) != text:
        text = shorter
    return "brackets that do not match" if text else None


# --- shell


def check_shell(blocks, env):
    problems = {}
    for block in blocks:
        script = written(block, "sh", block.text)
        problems[block] = said(["bash", "-n", script]) or next(filter(None, map(wrong, commands(block.text))), None)
    return problems


# Where a command may begin, and the words up to its end.
COMMAND = re.compile(
    r"(?:(?:^|[|;&(=:\[\"'-]|\bsudo|\bexec)\s*(?:[\w./-]*/)?|\s[\w.-]+/)"
    r"(aliyun-cred|make|cargo run|npm run)(?=[ \t]+[\w-])((?:\"[^\"]*\"|'[^']*'|[^|;&)#<>\n\"'])*)",
    re.MULTILINE,
)


def commands(text):
    """The words of each command of ours."""
    text = re.sub(r"(?m)(^|\s)#.*", "", re.sub(r"\\\n\s*", " ", text))
    for name, words in COMMAND.findall(re.sub(r"\d?>\S*", "", text)):
        yield [*name.split(), *shlex.split(words)]


def wrong(command):
    """What is wrong with a command, or None."""
    name, *words = command
    if name == "aliyun-cred":
        # What follows `--` is another program's. Words are read from left to right, so that `--help` comes last.
        own = words[: words.index("--")] if "--" in words else words
        problem = said([TARGET / "aliyun-cred", *own, "--help"])
        return problem and f"{shlex.join(command)}: {problem}"
    known = {
        "make": r"^([\w-]+):(?!=)",
        "cargo": r"^name = \"([\w-]+)\"",
        "npm": r'^    "([\w-]+)": "',
    }[name]
    if name == "make":
        wanted = [word for word in words if "=" not in word and not word.startswith("-")]
        sources = [ROOT / "Makefile"]
    elif name == "cargo":
        wanted = [words[index + 1] for index, word in enumerate(words) if word in ("-p", "--package", "--bin")]
        sources = [*ROOT.glob("crates/*/Cargo.toml")]
    else:
        wanted, sources = words[1:2], [ROOT / "node/package.json"]
    found = {name for source in sources for name in re.findall(known, source.read_text("utf-8"), re.MULTILINE)}
    missing = [word for word in wanted if word not in found]
    return f"{shlex.join(command)}: there is no {', '.join(missing)}" if missing else None


# --- data


def check_json(blocks, _):
    # Comments, but not what looks like one in a string.
    return parsed_by(blocks, lambda text: json.loads(re.sub(r'("(?:\\.|[^"\\])*")|//.*', r"\1", text)))


def check_toml(blocks, _):
    try:
        import tomllib
    except ModuleNotFoundError:
        return dict.fromkeys(blocks, "needs the module tomllib")
    return parsed_by(blocks, tomllib.loads)


def check_yaml(blocks, _):
    return parsed_by(blocks, lambda text: list(yaml.safe_load_all(text)))


def check_ini(blocks, _):
    def parse(text):
        parser = configparser.ConfigParser(interpolation=None)
        parser.read_string(text)
        return {name: dict(section) for name, section in parser.items()}

    return parsed_by(blocks, parse)


def parsed_by(blocks, parse):
    problems = {}
    for block in blocks:
        try:
            problems[block] = next(filter(None, map(missing_parts, parts(parse(block.text)))), None)
            # Commands of units and profiles, too.
            problems[block] = problems[block] or next(filter(None, map(wrong, commands(block.text))), None)
        except (ValueError, configparser.Error, yaml.YAMLError) as error:
            problems[block] = str(error)
    return problems


def parts(value):
    """A value and all that is in it."""
    yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in inner:
        yield from parts(item)


def missing_parts(value):
    """What a RAM policy or a workflow has to have and does not, or None."""
    if not isinstance(value, dict):
        return None
    if "Statement" in value or "Effect" in value:
        return policy_problem(value) if "Statement" in value else statement_problem(value)
    if re.search(r"/aliyun-cred(:|$)", str(value.get("image"))):
        return wrong(["aliyun-cred", *map(str, value.get("args", []))])
    # YAML reads `on` as true.
    if "jobs" in value and not {"on", True} & value.keys():
        return "a workflow without `on`"
    if "jobs" in value and not all(
        {"runs-on", "steps"} <= job.keys() or "uses" in job for job in value["jobs"].values()
    ):
        return "a job without `runs-on` or `steps`"
    if ("apiVersion" in value) != ("kind" in value) and "metadata" in value:
        return "an object of Kubernetes without `apiVersion` or `kind`"
    return None


def policy_problem(policy):
    if policy.get("Version") != "1":
        return 'a policy whose Version is not "1"'
    return None if policy["Statement"] else "a policy without a statement"


def statement_problem(statement):
    if statement["Effect"] not in ("Allow", "Deny"):
        return "a statement whose Effect is neither Allow nor Deny"
    # The trust policy of a role names who, and no resource.
    if "Action" not in statement or not ({"Resource", "Principal"} & statement.keys()):
        return "a statement without Action, or without Resource or Principal"
    actions = statement["Action"]
    actions = actions if isinstance(actions, list) else [actions]
    wrong = [action for action in actions if not re.fullmatch(r"\*|[a-z0-9-]+:[\w*]+", action)]
    return f"no action: {', '.join(wrong)}" if wrong else None


CHECKERS = {
    "python": check_python,
    "js": check_node,
    "rust": check_rust,
    "c": check_c,
    "cpp": check_cpp,
    "sh": check_shell,
    "json": check_json,
    "jsonc": check_json,
    "toml": check_toml,
    "yaml": check_yaml,
    "ini": check_ini,
}
