import Credential from './index.js';

export default Credential;
export {
  type AbortSignalLike,
  type Attempt,
  type CallOptions,
  Config,
  type ConfigOptions,
  type CredentialError,
  CredentialModel,
  type ErrorCode,
} from './index.js';
