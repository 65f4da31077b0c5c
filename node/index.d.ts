/**
 * A client of one source of credentials, or of the default chain.
 *
 * It caches the credential, and refreshes it before it expires. Making one opens no connection and starts no thread;
 * keeping one keeps no process alive. It holds no secret that `util.inspect` or `JSON.stringify` shows.
 */
declare class Credential {
  /**
   * A client of the source that `config` names; without `config`, of the default chain, which always succeeds: what
   * the chain finds, or why it finds nothing, shows at the first call.
   *
   * @throws {Credential.CredentialError} `ERR_ALIYUN_CRED_INVALID_CONFIG` if an option is missing, contradictory, out
   * of range or of the wrong type.
   */
  constructor(config?: Credential.Config | Credential.ConfigOptions | null);

  /**
   * The current credential. Callers that arrive together share one request.
   *
   * The model is frozen, and the same for all callers until the next refresh. The environment's credential is never
   * cached: it is read at every call.
   *
   * @throws {Credential.CredentialError} What the source says, if it has no credential that is still valid;
   * `ERR_ALIYUN_CRED_CANCELLED` if `options.signal` aborts first: the refresh goes on for the others.
   */
  getCredential(options?: Credential.CallOptions): Promise<Credential.CredentialModel>;

  /**
   * The AccessKey ID alone; empty for a bearer token.
   * @deprecated Use `(await getCredential()).accessKeyId`: values of two calls may belong to two credentials.
   */
  getAccessKeyId(): Promise<string>;

  /**
   * The AccessKey secret alone; empty for a bearer token.
   * @deprecated Use `(await getCredential()).accessKeySecret`: values of two calls may belong to two credentials.
   */
  getAccessKeySecret(): Promise<string>;

  /**
   * The security token alone; empty for a bearer token, `undefined` for a long-lived AccessKey pair.
   * @deprecated Use `(await getCredential()).securityToken`: values of two calls may belong to two credentials.
   */
  getSecurityToken(): Promise<string | undefined>;

  /**
   * The bearer token; `undefined` if the client's source gives none, or has not been asked yet.
   * @deprecated Use `(await getCredential()).bearerToken`.
   */
  getBearerToken(): string | undefined;

  /** The type that the client was made for: `access_key`, `ram_role_arn`, ..., or `default` for the chain. */
  getType(): string;

  /** Says that the service has refused the cached credential: the next call asks the source again. */
  invalidate(): void;

  /** What `JSON.stringify` shows: the type, no secret. */
  toJSON(): { type: string };
}

declare namespace Credential {
  /** What one source needs to know; which option belongs to which `type` is said at each. */
  export interface ConfigOptions {
    /**
     * The kind of source: `access_key`, `sts`, `bearer`, `ecs_ram_role`, `ram_role_arn`, `rsa_key_pair`,
     * `oidc_role_arn` or `credentials_uri`. Required.
     */
    type?: string;
    /** The AccessKey ID; else `ALIBABA_CLOUD_ACCESS_KEY_ID`. */
    accessKeyId?: string;
    /** The AccessKey secret; else `ALIBABA_CLOUD_ACCESS_KEY_SECRET`. */
    accessKeySecret?: string;
    /** The STS security token; for `sts` else `ALIBABA_CLOUD_SECURITY_TOKEN`. */
    securityToken?: string;
    /** The bearer token, for `bearer`. */
    bearerToken?: string;
    /** Accepted for compatibility and ignored; see `roleSessionExpiration`. */
    durationSeconds?: number;
    /** The ARN of the RAM role to assume; else `ALIBABA_CLOUD_ROLE_ARN`. */
    roleArn?: string;
    /** A policy in JSON that narrows the session. */
    policy?: string;
    /** The session's lifetime in seconds, 900 or more; default 3600. */
    roleSessionExpiration?: number;
    /** The session's name; else `ALIBABA_CLOUD_ROLE_SESSION_NAME`, else made from the time. */
    roleSessionName?: string;
    /** The external ID that the role's trust policy asks for. */
    externalId?: string;
    /** STS's host, host with port, or URL; else `ALIBABA_CLOUD_STS_ENDPOINT`, else by region. */
    stsEndpoint?: string;
    /** STS's region, such as `cn-hangzhou`; else `ALIBABA_CLOUD_STS_REGION`, else `sts.aliyuncs.com`. */
    stsRegionId?: string;
    /** Whether to use the region's VPC endpoint; else `ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED`. */
    enableVpc?: boolean;
    /** The ARN of the OIDC provider; else `ALIBABA_CLOUD_OIDC_PROVIDER_ARN`. */
    oidcProviderArn?: string;
    /** The file that holds the OIDC token; else `ALIBABA_CLOUD_OIDC_TOKEN_FILE`. */
    oidcTokenFilePath?: string;
    /** The key ID of an RSA key pair. */
    publicKeyId?: string;
    /** The file that holds the private key of an RSA key pair. */
    privateKeyFile?: string;
    /** The instance's RAM role; else `ALIBABA_CLOUD_ECS_METADATA`, else asked for. */
    roleName?: string;
    /** Accepted for compatibility and ignored: version 2 of the metadata service is always tried first. */
    enableIMDSv2?: boolean;
    /** Whether never to fall back to version 1 of the metadata service; else `ALIBABA_CLOUD_IMDSV1_DISABLED`. */
    disableIMDSv1?: boolean;
    /** Accepted for compatibility and ignored. */
    metadataTokenDuration?: number;
    /** Whether the metadata service's credentials are refreshed by a timer; default true. */
    asyncCredentialUpdateEnabled?: boolean;
    /** The URI that hands out credentials; else `ALIBABA_CLOUD_CREDENTIALS_URI`. */
    credentialsURI?: string;
    /** The limit of one request once connected, in milliseconds; 0 or absent: the source's default. */
    timeout?: number;
    /** The limit for a connection, in milliseconds; 0 or absent: the source's default. */
    connectTimeout?: number;
    /** The proxy of this source's requests, such as `http://127.0.0.1:8080`; else as the environment says. */
    proxy?: string;
  }

  export interface Config extends ConfigOptions {}

  /**
   * A configuration as an object of its own. `util.inspect` and `JSON.stringify` mask its secrets; `toMap` gives them.
   */
  export class Config {
    /** Copies the options that `map` has; `undefined`, `null` and names that are no option are left out. */
    constructor(map?: { [key: string]: any } | null);
    /** The key of each property in `toMap()`; they are equal but for `timeout`: `readTimeout`. */
    static names(): { [property: string]: string };
    /** The type of each property: `string`, `number` or `boolean`. */
    static types(): { [property: string]: string };
    /** The options that are set, secrets included. */
    toMap(): { [key: string]: any };
    /** The options that are set, secrets masked. */
    toJSON(): { [key: string]: any };
  }

  /**
   * A credential. Absent values are missing properties. `util.inspect` and `JSON.stringify` mask the secrets; the
   * properties and `toMap` give them.
   */
  export class CredentialModel {
    /** Copies the properties that `map` has. */
    constructor(map?: { [key: string]: any } | null);
    /** The AccessKey ID; empty for a bearer token. */
    accessKeyId?: string;
    /** The AccessKey secret; empty for a bearer token. */
    accessKeySecret?: string;
    /** The STS security token; empty for a bearer token, absent for a long-lived AccessKey pair. */
    securityToken?: string;
    /** The bearer token, where that is what the source gives. */
    bearerToken?: string;
    /** The type that the client was made for; `default` for the chain. */
    type?: string;
    /** The path of sources that led here, such as `default/cli_profile/ram_role_arn/static_ak`. */
    providerName?: string;
    /** When the service says that it ends; `undefined` if it does not end. Not part of `toMap()`. */
    get expiration(): Date | undefined;
    /** The key of each property in `toMap()`. */
    static names(): { [property: string]: string };
    /** The type of each property. */
    static types(): { [property: string]: string };
    /** The properties that are there, secrets included. */
    toMap(): { [key: string]: any };
    /** The properties that are there, secrets masked. */
    toJSON(): { [key: string]: any };
  }

  /** How long a call may take. */
  export interface CallOptions {
    /** Gives up when it aborts, as with `AbortSignal.timeout(1000)`. */
    signal?: AbortSignalLike | null;
  }

  /** What is needed of an `AbortSignal`, so that these types depend on no other's. */
  export interface AbortSignalLike {
    readonly aborted: boolean;
    readonly reason?: any;
    addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
    removeEventListener(type: 'abort', listener: () => void): void;
  }

  /** What `error.code` can be. */
  export type ErrorCode =
    | 'ERR_ALIYUN_CRED_INVALID_CONFIG'
    | 'ERR_ALIYUN_CRED_NOT_CONFIGURED'
    | 'ERR_ALIYUN_CRED_DISABLED'
    | 'ERR_ALIYUN_CRED_IO'
    | 'ERR_ALIYUN_CRED_MALFORMED_FILE'
    | 'ERR_ALIYUN_CRED_DENIED'
    | 'ERR_ALIYUN_CRED_THROTTLED'
    | 'ERR_ALIYUN_CRED_UNAVAILABLE'
    | 'ERR_ALIYUN_CRED_TIMEOUT'
    | 'ERR_ALIYUN_CRED_TLS'
    | 'ERR_ALIYUN_CRED_MALFORMED_REPLY'
    | 'ERR_ALIYUN_CRED_EXPIRED'
    | 'ERR_ALIYUN_CRED_LOGIN_REQUIRED'
    | 'ERR_ALIYUN_CRED_COMMAND'
    | 'ERR_ALIYUN_CRED_CANCELLED'
    | 'ERR_ALIYUN_CRED_RECURSION'
    | 'ERR_ALIYUN_CRED_INTERNAL';

  /** One source of a chain that was asked and did not answer. */
  export interface Attempt {
    /** The source's name as in `providerName`. */
    provider: string;
    /** Why it did not answer: an error code's last part in lower case, such as `not_configured`. */
    kind: string;
    /** Why it did not answer, and what would make it answer, in one line. */
    message: string;
  }

  /** What every failure is. No text in it holds a secret. */
  export interface CredentialError extends Error {
    /** What kind of failure it was. */
    code: ErrorCode;
    /** The service's own code, such as `NoPermission`, if a service answered with one. */
    serviceCode?: string;
    /** The service's id of the request, to give to its support. */
    requestId?: string;
    /** The HTTP status, if a service answered. */
    statusCode?: number;
    /** Every source that a chain asked, in order; empty if the failure was not a chain's. */
    attempts: Attempt[];
  }

  export { Credential as default };
}

export = Credential;
