"""The library panics: an exception without the panic's message, and all is well afterwards."""

import logging
import os
import sys

from aliyun_cred.exceptions import CredentialException
from common import client_of, say

logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
client = client_of("panics")
os.environ["ALIYUN_CRED_INJECT_PANIC"] = "1"
try:
    client.get_credential()
except CredentialException as exception:
    say(f"{exception.kind}: {exception}")
del os.environ["ALIYUN_CRED_INJECT_PANIC"]
client.get_credential()
