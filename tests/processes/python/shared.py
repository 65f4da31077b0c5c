"""Gets the session of the role that is named, and says its AccessKey ID."""

import sys

from common import await_word, client_of, say

client = client_of(sys.argv[1])
await_word()
say(client.get_credential().access_key_id)
