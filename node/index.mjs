// The ES module entry: the same objects as the CommonJS one, so that both may be used in one process.

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
  URICredentialsProvider,
  EnvironmentVariableCredentialsProvider,
  ProfileCredentialsProvider,
  CLIProfileCredentialsProvider,
  CloudSSOCredentialsProvider,
  OAuthCredentialsProvider,
  ExternalCredentialsProvider,
} = Credential;
export { Credential };
