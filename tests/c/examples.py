#!/usr/bin/env python3
"""Checks that the examples in the README and in both headers compile without warnings and work.

Called after run.sh, which links the library into $BUILD_DIR/lib."""

import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD_DIR", ROOT / ".build/c"))
WATCHDOG_SECONDS = 60

C_FRAME = """
#include <aliyun_cred.h>
#include <stdio.h>

static void sign(const char *id, const char *secret, const char *token) {
    printf("%%s %%d %%d\\n", id, secret != NULL, token != NULL);
}

int main(void) {
%s
    return 0;
}
"""
CXX_FRAME = """
#include <aliyun_cred.hpp>
#include <cstdio>

using Text = std::optional<std::string_view>;

static void sign(Text id, Text secret, Text token) {
    std::printf("%%s %%d %%d\\n", id->data(), secret.has_value(), token.has_value());
}

int main() {
%s
}
"""


def blocks():
    """(where, language, code)"""
    for language, code in re.findall(r"```(c|cpp)\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL):
        yield "README.md", language, code
    for name, prefix, language in (("aliyun_cred.h", r" \*", "c"), ("aliyun_cred.hpp", "//", "cpp")):
        comment = (ROOT / "include" / name).read_text("utf-8")
        first = re.search(rf"(?:^{prefix}(?:     .*)?\n)+", comment[comment.index("#include <") - 12 :], re.MULTILINE)
        yield name, language, "".join(line[7:] + "\n" for line in first[0].splitlines() if "#include" not in line)


def run(where, number, language, code):
    compiler, standard, frame = {
        "c": (os.environ.get("CC", "cc"), "c99", C_FRAME),
        "cpp": (os.environ.get("CXX", "c++"), "c++17", CXX_FRAME),
    }[language]
    folder = BUILD / "examples"
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / f"{number}.{language}"
    source.write_text(frame % code)
    flags = f"-std={standard} -Wall -Wextra -Wpedantic -Werror -I{ROOT / 'include'} -L{BUILD / 'lib'}".split()
    command = [compiler, *flags, source, "-o", folder / str(number), "-laliyun_cred", f"-Wl,-rpath,{BUILD / 'lib'}"]
    subprocess.run(command, check=True)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "ALIBABA_CLOUD_ACCESS_KEY_ID": "example-id",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "example-secret",
    }
    ended = subprocess.run(
        [folder / str(number)], env=environment, capture_output=True, text=True, timeout=WATCHDOG_SECONDS
    )
    right = (ended.returncode, ended.stdout, ended.stderr) == (0, "example-id 1 0\n", "")
    print(f"{'ok' if right else 'FAILED'} {where}")
    return right


def main():
    results = [run(where, number, language, code) for number, (where, language, code) in enumerate(blocks())]
    # Two in the README, one in each header.
    enough = len(results) == 4
    print(f"{sum(results)} passed, {len(results) - sum(results) + (not enough)} failed")
    return 0 if all(results) and enough else 1


if __name__ == "__main__":
    sys.exit(main())
