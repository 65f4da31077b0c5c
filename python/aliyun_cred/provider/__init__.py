"""One class per source. Each caches its credential and refreshes it before it expires."""

from .cli_profile import CLIProfileCredentialsProvider
from .cloud_sso import CloudSSOCredentialsProvider
from .default import DefaultCredentialsProvider
from .ecs_ram_role import EcsRamRoleCredentialsProvider
from .env import EnvironmentVariableCredentialsProvider
from .external import ExternalCredentialsProvider
from .kms_secret import KmsSecretCredentialsProvider
from .oauth import OAuthCredentialsProvider
from .oidc import OIDCRoleArnCredentialsProvider
from .other_tools import (
    LegacyEnvironmentVariableCredentialsProvider,
    OSSEnvironmentVariableCredentialsProvider,
    OSSProfileCredentialsProvider,
    TerraformEnvironmentVariableCredentialsProvider,
)
from .profile import ProfileCredentialsProvider
from .ram_role_arn import RamRoleArnCredentialsProvider
from .rsa_key_pair import RsaKeyPairCredentialsProvider
from .static_ak import StaticAKCredentialsProvider
from .static_sts import StaticSTSCredentialsProvider
from .uri import URLCredentialsProvider

__all__ = [
    "StaticAKCredentialsProvider",
    "StaticSTSCredentialsProvider",
    "EnvironmentVariableCredentialsProvider",
    "EcsRamRoleCredentialsProvider",
    "RamRoleArnCredentialsProvider",
    "OIDCRoleArnCredentialsProvider",
    "RsaKeyPairCredentialsProvider",
    "KmsSecretCredentialsProvider",
    "URLCredentialsProvider",
    "CLIProfileCredentialsProvider",
    "ProfileCredentialsProvider",
    "DefaultCredentialsProvider",
    "CloudSSOCredentialsProvider",
    "OAuthCredentialsProvider",
    "ExternalCredentialsProvider",
    "LegacyEnvironmentVariableCredentialsProvider",
    "OSSEnvironmentVariableCredentialsProvider",
    "OSSProfileCredentialsProvider",
    "TerraformEnvironmentVariableCredentialsProvider",
]
