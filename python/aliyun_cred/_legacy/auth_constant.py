"""Names used in configurations."""

from ..utils.auth_util import get_home

__name__ = "aliyun_cred.utils.auth_constant"

HOME = get_home()

# The values of `type`.
ACCESS_KEY = "access_key"
STS = "sts"
BEARER = "bearer"
ECS_RAM_ROLE = "ecs_ram_role"
RAM_ROLE_ARN = "ram_role_arn"
RSA_KEY_PAIR = "rsa_key_pair"
OIDC_ROLE_ARN = "oidc_role_arn"
CREDENTIALS_URI = "credentials_uri"

# The keys of the SDKs' configuration file ...
INI_TYPE = "type"
INI_ENABLE = "enable"
INI_ACCESS_KEY_ID = "access_key_id"
INI_ACCESS_KEY_IDSECRET = "access_key_secret"
INI_ROLE_ARN = "role_arn"
INI_ROLE_SESSION_NAME = "role_session_name"
INI_POLICY = "policy"
INI_ROLE_NAME = "role_name"
INI_PUBLIC_KEY_ID = "public_key_id"
INI_PRIVATE_KEY_FILE = "private_key_file"
INI_PRIVATE_KEY = "private_key"
INI_OIDC_PROVIDER_ARN = "oidc_provider_arn"
INI_OIDC_TOKEN_FILE_PATH = "oidc_token_file_path"
DEFAULT_REGION = "region_id"

# ... and the types that it supports.
INI_TYPE_RAM = ECS_RAM_ROLE
INI_TYPE_ARN = RAM_ROLE_ARN
INI_TYPE_OIDC = OIDC_ROLE_ARN
INI_TYPE_KEY_PAIR = RSA_KEY_PAIR

TSC_VALID_TIME_SECONDS = 3600
"""The default lifetime of a session, in seconds."""
