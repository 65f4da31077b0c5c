"""Looks for secrets in the memory of another process of this user, on Linux.

    copies(pid, secrets)   how many there are now
    wiped(pid, secrets)    whether none is left, now or shortly

A secret is found by its middle: a copy that has lost its ends is one, too. What the process was given is left out, its
arguments and its environment, and what it only maps from files.
"""

import base64
import binascii
import contextlib
import pathlib
import re
import time
import urllib.parse

from emulator import WATCHDOG_SECONDS

BLOCK = 1 << 20
# How long the part of a secret is that is looked for.
PIECE = 16


def pieces(secret):
    """What to look for: a secret as it is, as requests encode it, and the bytes of a line of a key."""
    quoted = urllib.parse.quote(secret, safe="~")
    forms = [form.encode() for form in (secret, quoted, urllib.parse.quote(quoted))]
    if re.fullmatch(r"[A-Za-z0-9+/]{64}", secret):
        with contextlib.suppress(binascii.Error):
            forms.append(base64.b64decode(secret))
    return {form[max(len(form) - PIECE, 0) // 2 :][:PIECE] for form in forms}


def regions(pid):
    """The mappings that a secret can be in: those that are not just a file, without arguments and environment."""
    # The fields behind the program's name, which may have any characters.
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    # arg_start and env_end; the two lie beside each other.
    first, last = int(fields[45]), int(fields[48])
    for line in pathlib.Path(f"/proc/{pid}/maps").read_text("utf-8", "replace").splitlines():
        addresses, permissions, _, _, inode, *name = line.split(maxsplit=5)
        if permissions[0] != "r" or (permissions[1] != "w" and inode != "0") or name in (["[vvar]"], ["[vsyscall]"]):
            continue
        begin, end = (int(address, 16) for address in addresses.split("-"))
        if begin <= first < end:
            yield begin, first
            begin = min(last, end)
        yield begin, end


def copies(pid, secrets):
    """How often secrets stand in the memory of a process. It should stand still meanwhile."""
    wanted = set().union(*map(pieces, secrets)) if secrets else set()
    found = 0
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for begin, end in regions(pid):
            for at in range(begin, end, BLOCK):
                try:
                    memory.seek(at)
                    # With the bytes that follow, in case a copy crosses the border.
                    block = memory.read(min(end - at, BLOCK + PIECE - 1))
                except (OSError, OverflowError):
                    # Unmapped meanwhile, or not for reading.
                    continue
                found += sum(block.count(piece, 0, BLOCK + len(piece) - 1) for piece in wanted)
    return found


def wiped(pid, secrets):
    """Whether no copy is left. A connection is closed shortly after its last reply, and its buffers with it."""
    end = time.monotonic() + WATCHDOG_SECONDS
    while copies(pid, secrets):
        if time.monotonic() > end:
            return False
    return True
