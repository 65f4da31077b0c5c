"""The official SDK, as it comes from PyPI, signs GetCallerIdentity with our client."""

import os

from alibabacloud_sts20150401.client import Client as Sts
from alibabacloud_tea_openapi.models import Config
from aliyun_cred.client import Client

credential = Client()
# The SDK does not look at SSL_CERT_FILE by itself.
config = Config(credential=credential, endpoint="sts.cn-hangzhou.aliyuncs.com", ca=os.environ["SSL_CERT_FILE"])
identity = Sts(config).get_caller_identity().body
print(credential.get_credential().provider_name)
print(identity.arn)
