"""Resolves the default chain and prints what it found: id, secret, token, provider name, a line each."""

from aliyun_cred.client import Client

credential = Client().get_credential()
print(credential.access_key_id)
print(credential.access_key_secret)
print(credential.security_token)
print(credential.provider_name)
