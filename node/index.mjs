// The ES module entry. Exports the same objects as the CommonJS entry, so that one process may use both.

import Credential from './index.js';

export default Credential;
export const {
  Config,
  CredentialModel,
  DefaultCredentialsProvider,
  StaticAKCredentialsProvider,
  StaticSTSCredentialsProvider,
  RAMRoleARNCredentialsProvider,
  OIDCRoleArnCredentialsProvider,
  ECSRAMRoleCredentialsProvider,
  KMSSecretCredentialsProvider,
  URICredentialsProvider,
  EnvironmentVariableCredentialsProvider,
  ProfileCredentialsProvider,
  LegacyEnvironmentVariableCredentialsProvider,
  OSSEnvironmentVariableCredentialsProvider,
  OSSProfileCredentialsProvider,
  TerraformEnvironmentVariableCredentialsProvider,
  CLIProfileCredentialsProvider,
  CloudSSOCredentialsProvider,
  OAuthCredentialsProvider,
  ExternalCredentialsProvider,
} = Credential;
export { Credential };
