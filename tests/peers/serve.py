"""One `aliyun-cred serve`, asked by clients that others wrote: the official packages of Python and Node, and curl; and
by ours. Between two rounds the server gets another session, which all of them must find.

    serve.py PYTHON NODE_MODULES    a Python with the official package and ours; the folder above the official Node one

The second part gives the loopback interface the address of the metadata service, in a network namespace: official
clients ask no other address. It needs root, unshare and ip.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests"))
from emulator import TARGET, WATCHDOG_SECONDS, Emulator  # noqa: E402
from home import write_config  # noqa: E402

METADATA = "100.100.100.200"
KEY = {"id": "LTAIserve", "secret": "canary-serve-secret", "account": "1000000000000001"}
PROFILES = {
    "current": "reader",
    "profiles": [
        {"name": "key", "mode": "AK", "access_key_id": KEY["id"], "access_key_secret": KEY["secret"]},
        {
            "name": "reader",
            "mode": "ChainableRamRoleArn",
            "source_profile": "key",
            "ram_role_arn": "acs:ram::1000000000000001:role/reader",
        },
    ],
}

# Each prints a session for every line that it reads, from a client that it keeps.
PYTHON = """
import sys
from {package}.client import Client
from {package}.models import Config
client = {client}
for line in sys.stdin:
    getattr(client, "invalidate", lambda: None)()
    model = client.get_credential()
    print(model.access_key_id, model.access_key_secret, model.security_token, flush=True)
"""
NODE = """
const exported = require({package});
const Credential = exported.default ?? exported;
const {{ Config }} = exported;
const client = {client};
require('node:readline').createInterface({{ input: process.stdin }}).on('line', async () => {{
  client.invalidate?.();
  const model = await client.getCredential();
  console.log(model.accessKeyId, model.accessKeySecret, model.securityToken);
}});
"""
CURL = """
while read -r line; do
    if [ -n "$ALIBABA_CLOUD_CREDENTIALS_URI" ]; then
        curl --silent --fail "$ALIBABA_CLOUD_CREDENTIALS_URI"
    else
        token=$(curl --silent --fail -X PUT -H 'X-aliyun-ecs-metadata-token-ttl-seconds: 60' http://{metadata}/latest/api/token)
        roles=http://{metadata}/latest/meta-data/ram/security-credentials/
        name=$(curl --silent --fail -H "X-aliyun-ecs-metadata-token: $token" "$roles")
        curl --silent --fail -H "X-aliyun-ecs-metadata-token: $token" "$roles$name"
    fi
    echo
done
"""


class Asker:
    """A program that asks the server whenever it is told to."""

    def __init__(self, name, command, environment):
        self.name = name
        # The official packages log much; it is shown if they fail.
        self.log = tempfile.TemporaryFile("w+")  # noqa: SIM115, it stays open as long as the process
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True
        )

    def ask(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line.strip():
            self.log.seek(0)
            sys.exit(f"{self.name} got no session: {self.log.read()}")
        if line.startswith("{"):
            reply = json.loads(line)
            assert reply["Code"] == "Success"
            return reply["AccessKeyId"], reply["AccessKeySecret"], reply["SecurityToken"]
        return tuple(line.split())

    def stop(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=WATCHDOG_SECONDS) == 0, self.name


def askers(python, modules, kind, environment):
    """Every client of a kind of source; of the default chain without one."""
    official = json.dumps(str(pathlib.Path(modules, "node_modules/@alicloud/credentials").resolve()))
    in_python = f"Client(Config(type={kind!r}))" if kind else "Client()"
    in_node = f"new Credential(new Config({{ type: '{kind}' }}))" if kind else "new Credential()"
    programs = {
        "the official Python package": [
            python,
            "-c",
            PYTHON.format(package="alibabacloud_credentials", client=in_python),
        ],
        "our Python package": [python, "-c", PYTHON.format(package="aliyun_cred", client=in_python)],
        "the official Node package": ["node", "-e", NODE.format(package=official, client=in_node)],
        "our Node package": ["node", "-e", NODE.format(package=json.dumps(str(ROOT / "node")), client=in_node)],
        "curl": ["sh", "-c", CURL.format(metadata=METADATA)],
    }
    return [Asker(name, command, environment) for name, command in programs.items()]


class Server:
    """`aliyun-cred serve` in the foreground."""

    def __init__(self, home, sts, *arguments):
        environment = {"PATH": os.environ["PATH"], "HOME": str(home), "ALIBABA_CLOUD_STS_ENDPOINT": sts}
        command = [TARGET / "aliyun-cred", "serve", "--profile", "reader", *arguments]
        self.process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        # The variables that it prints for programs; the last one comes last.
        self.variables = {}
        while "no_proxy" not in self.variables:
            line = self.process.stdout.readline()
            assert line, self.process.stderr.read()
            if line.startswith("export "):
                name, _, value = line.removeprefix("export ").strip().partition("=")
                self.variables[name] = value.strip("'")

    def renew(self):
        """Has it read its configuration again, which gives it another session."""
        self.process.send_signal(signal.SIGHUP)
        assert self.process.stderr.readline() == "aliyun-cred: the configuration was read again\n"

    def stop(self):
        self.process.terminate()
        assert self.process.wait(timeout=WATCHDOG_SECONDS) == 0
        assert self.process.stderr.read() == ""


def serve(python, modules, kind, *arguments):
    with tempfile.TemporaryDirectory() as folder, Emulator(folder) as emulator:
        home = pathlib.Path(folder, "home")
        write_config(home, PROFILES)
        # Short enough that official clients ask for every credential anew.
        emulator.reset(access_keys=[KEY], lifetime=120)
        server = Server(home, emulator.addresses["sts_http"], *arguments)
        # The default chain would ask this home's files first, but for the variables.
        environment = {"PATH": os.environ["PATH"], "HOME": str(home) if kind is None else folder}
        if kind != "ecs_ram_role":
            environment.update(server.variables)
        clients = askers(python, modules, kind, environment)
        rounds = []
        for _ in range(2):
            sessions = {client.name: client.ask() for client in clients}
            (session,) = set(sessions.values())
            rounds.append(session)
            print(f"{kind or 'the default chain'}: {', '.join(sessions)} got one session")
            server.renew()
        assert rounds[0] != rounds[1], "the second round got the session of the first"
        # One for each round, and one for each time that the configuration was read again.
        assert len(emulator.requests("AssumeRole")) == 3
        for client in clients:
            client.stop()
        server.stop()


def skipped(text):
    if os.environ.get("REQUIRE_ALL") == "1":
        sys.exit(f"FAILED: {text} (REQUIRE_ALL=1)")
    print(f"skipped: {text}")


def main():
    python, modules, *imds = sys.argv[1:]
    if imds:
        serve(python, modules, "ecs_ram_role", "--imds", "--listen", f"{METADATA}:80")
        return
    if not shutil.which("curl"):
        skipped("clients of the server: curl is missing (make ci-tools)")
        return
    serve(python, modules, "credentials_uri")
    serve(python, modules, None)
    if os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("ip"):
        skipped("clients of the metadata protocol: they need root, unshare and ip (make ci-tools)")
        return
    inside = f'ip link set lo up && ip address add {METADATA}/32 dev lo && exec "$@"'
    again = [sys.executable, __file__, python, modules, "--imds"]
    subprocess.run(["unshare", "--net", "sh", "-c", inside, "sh", *again], check=True)


if __name__ == "__main__":
    main()
