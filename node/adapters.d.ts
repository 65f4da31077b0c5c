import type { CredentialModel } from './index.js';

/** A client, or whatever else has its `getCredential()`. */
export interface Client {
  getCredential(): Promise<CredentialModel>;
}

/** A credential that signs: always the three parts of one. */
export interface Pair {
  accessKeyId: string;
  accessKeySecret: string;
  /** Absent for a long-lived AccessKey pair. */
  securityToken?: string;
}

/** What `@alicloud/log` and `@alicloud/pop-core` ask at every request. */
export interface CredentialsProviderOptions {
  credentialsProvider: {
    /**
     * @throws What `client.getCredential()` throws; `ERR_ALIYUN_CRED_INVALID_CONFIG` for a bearer token, since these
     * SDKs sign with an AccessKey pair.
     */
    getCredentials(): Promise<Pair>;
  };
}

/** What `ali-oss` begins with, and what it asks at every request. */
export interface OssOptions {
  accessKeyId: string;
  accessKeySecret: string;
  /** Absent for a long-lived AccessKey pair. */
  stsToken?: string;
  /** Throws as `getCredentials()` above. */
  refreshSTSToken(): Promise<{ accessKeyId: string; accessKeySecret: string; stsToken: string }>;
  /** In milliseconds: 0, so that every request asks. */
  refreshSTSTokenInterval: number;
}

/**
 * Options for `ali-oss` 6: `new OSS({ ...(await aliOss(client)), region, bucket })`.
 *
 * The SDK asks only if what it begins with has a security token: a long-lived AccessKey pair stays as it is. Of its
 * functions that sign a URL, `asyncSignatureUrl()` asks and `signatureUrl()`, which is synchronous, does not.
 * `signatureUrlV4()` reads the AccessKey ID before it asks: after a rotation its first URL is wrong unless
 * `Object.assign(oss.options, await oss.options.refreshSTSToken())` comes before.
 *
 * @throws What `client.getCredential()` throws; `ERR_ALIYUN_CRED_INVALID_CONFIG` for a bearer token.
 */
export function aliOss(client: Client): Promise<OssOptions>;

/** Options for `@alicloud/log` 1.2: `new Log({ ...log(client), endpoint })`. */
export function log(client: Client): CredentialsProviderOptions;

/** Options for both clients of `@alicloud/pop-core` 1.8: `new RPCClient({ ...popCore(client), endpoint, apiVersion })`. */
export function popCore(client: Client): CredentialsProviderOptions;
