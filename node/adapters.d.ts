import type { CredentialModel } from './index.js';

/** A client, or any other object with its `getCredential()`. */
export interface Client {
  getCredential(): Promise<CredentialModel>;
}

/** The three parts of a credential that signs requests. */
export interface Pair {
  accessKeyId: string;
  accessKeySecret: string;
  /** Absent for a long-lived AccessKey pair. */
  securityToken?: string;
}

/** The part of an SDK's options that `@alicloud/log` and `@alicloud/pop-core` ask at every request. */
export interface CredentialsProviderOptions {
  credentialsProvider: {
    /**
     * @throws Like `client.getCredential()`; `ERR_ALIYUN_CRED_INVALID_CONFIG` for a bearer token, because these SDKs
     * sign with an AccessKey pair.
     */
    getCredentials(): Promise<Pair>;
  };
}

/** The credential that `ali-oss` starts with, and the function that it calls at every request. */
export interface OssOptions {
  accessKeyId: string;
  accessKeySecret: string;
  /** Absent for a long-lived AccessKey pair. */
  stsToken?: string;
  /** Returns the current credential. Throws like `getCredentials()` above. */
  refreshSTSToken(): Promise<{ accessKeyId: string; accessKeySecret: string; stsToken: string }>;
  /** In milliseconds. 0: every request asks. */
  refreshSTSTokenInterval: number;
}

/**
 * Options for `ali-oss` 6: `new OSS({ ...(await aliOss(client)), region, bucket })`.
 *
 * The SDK refreshes only a credential with a security token; it keeps a long-lived AccessKey pair. Of its functions
 * that sign a URL, `asyncSignatureUrl()` refreshes; `signatureUrl()`, which is synchronous, does not.
 * `signatureUrlV4()` reads the AccessKey ID before it refreshes, so its first URL after a rotation is wrong unless you
 * call `Object.assign(oss.options, await oss.options.refreshSTSToken())` first.
 *
 * @throws Like `client.getCredential()`; `ERR_ALIYUN_CRED_INVALID_CONFIG` for a bearer token.
 */
export function aliOss(client: Client): Promise<OssOptions>;

/** Options for `@alicloud/log` 1.2: `new Log({ ...log(client), endpoint })`. */
export function log(client: Client): CredentialsProviderOptions;

/**
 * Options for both clients of `@alicloud/pop-core` 1.8: `new RPCClient({ ...popCore(client), endpoint, apiVersion })`.
 */
export function popCore(client: Client): CredentialsProviderOptions;
