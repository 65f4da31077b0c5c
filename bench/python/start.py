"""Import, client, static credential: what a script that starts often pays. `start.py nothing|official|ours [count]`."""

import sys

who = sys.argv[1]
if who == "official":
    from alibabacloud_credentials.client import Client
    from alibabacloud_credentials.models import Config
elif who == "ours":
    from aliyun_cred.client import Client
    from aliyun_cred.models import Config
if who != "nothing":
    client = Client(Config(type="access_key", access_key_id="LTAIbench", access_key_secret="bench"))
    assert client.get_credential().access_key_id == "LTAIbench"

if sys.argv[2:]:
    modules = len(sys.modules)
    with open("/proc/self/status", encoding="ascii") as lines:
        rss = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
    print(f'{{"modules": {modules}, "rss": {rss}}}')
