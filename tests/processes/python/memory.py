"""Asks for a role on the profile's session, and lets go of everything."""

import gc

from aliyun_cred.client import Client
from common import await_word, say

client = Client()
client.get_credential()
say("held")
await_word()
del client
gc.collect()
say("freed")
await_word()
