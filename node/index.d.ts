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
   * @param provider - A provider, which wins over `config`: one of the classes here, or anything else with the methods
   * `getCredentials()` and `getProviderName()`. Such a one is asked at every call; callers that arrive together share
   * its answer. An object with neither of the two is ignored, as in the original; with only one of them it is an error.
   *
   * @throws {Credential.CredentialError} `ERR_ALIYUN_CRED_INVALID_CONFIG` if an option is missing, contradictory, out
   * of range or of the wrong type.
   */
  constructor(
    config?: Credential.Config | Credential.ConfigOptions | null,
    provider?: Credential.CustomProvider | { [key: string]: any } | null,
  );

  /**
   * The current credential. Callers that arrive together share one request.
   *
   * The model is frozen, and the same for all callers until the next refresh. The environment's credential is never
   * cached: it is read at every call.
   *
   * @throws {Credential.CredentialError} What the source says, if it has no credential that is still valid;
   * `ERR_ALIYUN_CRED_CANCELLED` if `options.signal` aborts first: the refresh goes on for the others. What a provider
   * of your own throws is thrown as it is; if it gives nothing within a minute, `ERR_ALIYUN_CRED_TIMEOUT`; if it asks
   * the client that is asking it, `ERR_ALIYUN_CRED_RECURSION`.
   */
  getCredential(options?: Credential.CallOptions): Promise<Credential.CredentialModel>;

  /**
   * As `getCredential()`, for code that cannot wait: it blocks the event loop while the source is asked.
   *
   * A provider or a callback that is written in JavaScript needs the event loop: over one of those only the cached
   * credential is returned.
   *
   * @throws {Credential.CredentialError} As `getCredential()`, and `ERR_ALIYUN_CRED_INVALID_CONFIG` if only
   * `getCredential()` can answer.
   */
  getCredentialSync(): Credential.CredentialModel;

  /**
   * The AccessKey ID alone; empty for a bearer token.
   * @deprecated Use `(await getCredential()).accessKeyId`: only reads in a row belong to one credential.
   */
  getAccessKeyId(): Promise<string>;

  /**
   * The AccessKey secret alone; empty for a bearer token.
   * @deprecated Use `(await getCredential()).accessKeySecret`: only reads in a row belong to one credential.
   */
  getAccessKeySecret(): Promise<string>;

  /**
   * The security token alone; empty for a bearer token. For a long-lived AccessKey pair it is `undefined`, although its
   * type, the original's, does not say so.
   * @deprecated Use `(await getCredential()).securityToken`: only reads in a row belong to one credential.
   */
  getSecurityToken(): Promise<string>;

  /**
   * The bearer token. It is `undefined` if the client's source gives none, or has not been asked yet, although its
   * type, the original's, does not say so.
   * @deprecated Use `(await getCredential()).bearerToken`.
   */
  getBearerToken(): string;

  /**
   * The type that the client was made for: `access_key`, `ram_role_arn`, ..., or `default` for the chain; the name of a
   * provider.
   */
  getType(): string;

  /** This client; in the original, the object that does its work. */
  get credential(): this;

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
    /** The private key itself, in PEM; then no file is read. */
    privateKey?: string;
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

  /** What a provider class gives. */
  export interface Credentials {
    /** The AccessKey ID. */
    readonly accessKeyId: string;
    /** The AccessKey secret. */
    readonly accessKeySecret: string;
    /** The security token. For a long-lived AccessKey pair it is `undefined`, although its type does not say so. */
    readonly securityToken: string;
    /** The path of sources that led here. */
    readonly providerName: string;
    /** When it ends; `undefined` if it does not end. */
    readonly expiration?: Date;
  }

  /** What all provider classes are, and what takes them. */
  export interface CredentialsProvider {
    /** The current credential. */
    getCredentials: () => Promise<Credentials>;
    /** The name, as it shows in `providerName`. */
    getProviderName: () => string;
  }

  /** What a provider of your own gives: a pair, or a bearer token. */
  export interface CustomCredentials {
    /** The AccessKey ID. */
    readonly accessKeyId?: string;
    /** The AccessKey secret. */
    readonly accessKeySecret?: string;
    /** The security token, of an STS credential. */
    readonly securityToken?: string;
    /** The bearer token, in place of a pair. */
    readonly bearerToken?: string;
    /** Where it came from; else the provider's name. */
    readonly providerName?: string;
    /** When it ends. As the base of a role, one that ends is kept, and asked for again in time. */
    readonly expiration?: Date;
  }

  /** A provider of your own. */
  export interface CustomProvider {
    /** The current credential. It is given up after a minute, and must not ask the client that is asking it. */
    getCredentials(): Promise<CustomCredentials> | CustomCredentials;
    /** The name, as it shows in `providerName`. */
    getProviderName(): string;
  }

  /**
   * A source as a class of its own, made by `builder()`. It caches and refreshes as a client does, and shows no secret
   * either.
   */
  interface Provider {
    /**
     * The current credential; see `getCredential()` of a client.
     * @throws {Credential.CredentialError} As that.
     */
    getCredentials(options?: CallOptions): Promise<Credentials>;
    /** The source's name, as it shows in `providerName`. */
    getProviderName(): string;
    /** Says that the service has refused the cached credential: the next call asks the source again. */
    invalidate(): void;
    /** What `JSON.stringify` shows: the name, no secret. */
    toJSON(): { providerName: string };
  }

  /**
   * Collects what a provider needs. `undefined` and `null` take a setting back.
   */
  interface Builder<P> {
    /**
     * Makes the provider; opens no connection.
     * @throws {Credential.CredentialError} `ERR_ALIYUN_CRED_INVALID_CONFIG` if something is missing or wrong.
     */
    build(): P;
  }

  /** The limits of a source's requests. */
  interface LimitSetters {
    /** The limit of one request once connected, in milliseconds; 0 or absent: the source's default. */
    withReadTimeout(milliseconds?: number): this;
    /** The limit for a connection, in milliseconds; 0 or absent: the source's default. */
    withConnectTimeout(milliseconds?: number): this;
  }

  /** An AccessKey pair. */
  interface PairSetters {
    /** The AccessKey ID; else `ALIBABA_CLOUD_ACCESS_KEY_ID`. */
    withAccessKeyId(accessKeyId?: string): this;
    /** The AccessKey secret; else `ALIBABA_CLOUD_ACCESS_KEY_SECRET`. */
    withAccessKeySecret(accessKeySecret?: string): this;
  }

  /** A role, and the STS that issues its credentials. */
  interface RoleSetters extends LimitSetters {
    /** The ARN of the RAM role to assume; else `ALIBABA_CLOUD_ROLE_ARN`. */
    withRoleArn(roleArn?: string): this;
    /** The session's name; else `ALIBABA_CLOUD_ROLE_SESSION_NAME`, else made from the time. */
    withRoleSessionName(roleSessionName?: string): this;
    /** The session's lifetime in seconds, 900 or more; default 3600. */
    withDurationSeconds(seconds?: number): this;
    /** A policy in JSON that narrows the session. */
    withPolicy(policy?: string): this;
    /** STS's host, host with port, or URL; else `ALIBABA_CLOUD_STS_ENDPOINT`, else by region. */
    withStsEndpoint(endpoint?: string): this;
    /** STS's region, such as `cn-hangzhou`; else `ALIBABA_CLOUD_STS_REGION`, else `sts.aliyuncs.com`. */
    withStsRegionId(regionId?: string): this;
    /** Whether to use the region's VPC endpoint; else `ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED`. */
    withEnableVpc(enableVpc?: boolean): this;
  }

  /** The default chain. */
  export class DefaultCredentialsProvider implements CredentialsProvider {
    static builder(): Builder<DefaultCredentialsProvider>;
    constructor(builder: Builder<DefaultCredentialsProvider>);
  }
  export interface DefaultCredentialsProvider extends Provider {}

  /** What `EnvironmentVariableCredentialsProvider` needs. */
  interface EnvironmentVariableCredentialsProviderBuilder extends Builder<EnvironmentVariableCredentialsProvider> {}
  /** The environment variables `ALIBABA_CLOUD_ACCESS_KEY_ID`, `..._SECRET` and `ALIBABA_CLOUD_SECURITY_TOKEN`. */
  export class EnvironmentVariableCredentialsProvider implements CredentialsProvider {
    static builder(): EnvironmentVariableCredentialsProviderBuilder;
    constructor(builder: EnvironmentVariableCredentialsProviderBuilder);
  }
  export interface EnvironmentVariableCredentialsProvider extends Provider {}

  /** What `StaticAKCredentialsProvider` needs. */
  interface StaticAKCredentialsProviderBuilder extends Builder<StaticAKCredentialsProvider>, PairSetters {}
  /** An AccessKey pair. */
  export class StaticAKCredentialsProvider implements CredentialsProvider {
    static builder(): StaticAKCredentialsProviderBuilder;
    constructor(builder: StaticAKCredentialsProviderBuilder);
  }
  export interface StaticAKCredentialsProvider extends Provider {}

  /** What `StaticSTSCredentialsProvider` needs. */
  interface StaticSTSCredentialsProviderBuilder extends Builder<StaticSTSCredentialsProvider>, PairSetters {
    /** The security token; else `ALIBABA_CLOUD_SECURITY_TOKEN`. */
    withSecurityToken(securityToken?: string): this;
  }
  /** An STS credential that somebody else keeps fresh. */
  export class StaticSTSCredentialsProvider implements CredentialsProvider {
    static builder(): StaticSTSCredentialsProviderBuilder;
    constructor(builder: StaticSTSCredentialsProviderBuilder);
  }
  export interface StaticSTSCredentialsProvider extends Provider {}

  /** What `RAMRoleARNCredentialsProvider` needs. */
  interface RAMRoleARNCredentialsProviderBuilder extends Builder<RAMRoleARNCredentialsProvider>, RoleSetters {
    /** What the role is assumed with: a provider of these classes, or one of your own. Required. */
    withCredentialsProvider(provider: CredentialsProvider | CustomProvider): this;
    /** The external ID that the role's trust policy asks for. */
    withExternalId(externalId?: string): this;
  }
  /** A RAM role, assumed with what another provider gives. */
  export class RAMRoleARNCredentialsProvider implements CredentialsProvider {
    static builder(): RAMRoleARNCredentialsProviderBuilder;
    constructor(builder: RAMRoleARNCredentialsProviderBuilder);
  }
  export interface RAMRoleARNCredentialsProvider extends Provider {}

  /** What `OIDCRoleArnCredentialsProvider` needs. */
  interface OIDCRoleArnCredentialsProviderBuilder extends Builder<OIDCRoleArnCredentialsProvider>, RoleSetters {
    /** The ARN of the OIDC provider; else `ALIBABA_CLOUD_OIDC_PROVIDER_ARN`. */
    withOIDCProviderArn(oidcProviderArn?: string): this;
    /** The file that holds the OIDC token; else `ALIBABA_CLOUD_OIDC_TOKEN_FILE`. */
    withOIDCTokenFilePath(oidcTokenFilePath?: string): this;
  }
  /** A RAM role, assumed with the token of an OIDC provider. */
  export class OIDCRoleArnCredentialsProvider implements CredentialsProvider {
    static builder(): OIDCRoleArnCredentialsProviderBuilder;
    constructor(builder: OIDCRoleArnCredentialsProviderBuilder);
  }
  export interface OIDCRoleArnCredentialsProvider extends Provider {}

  /** What `ECSRAMRoleCredentialsProvider` needs. */
  interface ECSRAMRoleCredentialsProviderBuilder extends Builder<ECSRAMRoleCredentialsProvider>, LimitSetters {
    /** The instance's RAM role; else `ALIBABA_CLOUD_ECS_METADATA`, else asked for. */
    withRoleName(roleName?: string): this;
    /** Whether never to fall back to version 1 of the metadata service; else `ALIBABA_CLOUD_IMDSV1_DISABLED`. */
    withDisableIMDSv1(disableIMDSv1?: boolean): this;
    /** Whether credentials are refreshed by a timer, too; default true. */
    withAsyncCredentialUpdateEnabled(enabled?: boolean): this;
  }
  /** The RAM role of an instance, from its metadata service. */
  export class ECSRAMRoleCredentialsProvider implements CredentialsProvider {
    static builder(): ECSRAMRoleCredentialsProviderBuilder;
    constructor(builder: ECSRAMRoleCredentialsProviderBuilder);
    /** Ends the timer that refreshes credentials, and forgets the cached one. The provider can still be asked. */
    close(): void;
  }
  export interface ECSRAMRoleCredentialsProvider extends Provider {}

  /** What `URICredentialsProvider` needs. */
  interface URICredentialsProviderBuilder extends Builder<URICredentialsProvider>, LimitSetters {
    /** The URI; else `ALIBABA_CLOUD_CREDENTIALS_URI`. */
    withCredentialsURI(credentialsURI?: string): this;
  }
  /** A URI that hands out credentials. */
  export class URICredentialsProvider implements CredentialsProvider {
    static builder(): URICredentialsProviderBuilder;
    constructor(builder: URICredentialsProviderBuilder);
  }
  export interface URICredentialsProvider extends Provider {}

  /** What `CLIProfileCredentialsProvider` needs. */
  interface CLIProfileCredentialsProviderBuilder extends Builder<CLIProfileCredentialsProvider> {
    /** The profile; else `ALIBABA_CLOUD_PROFILE`, else the file's current one. */
    withProfileName(profileName?: string): this;
  }
  /** A profile of the CLI's `~/.aliyun/config.json`. */
  export class CLIProfileCredentialsProvider implements CredentialsProvider {
    static builder(): CLIProfileCredentialsProviderBuilder;
    constructor(builder: CLIProfileCredentialsProviderBuilder);
  }
  export interface CLIProfileCredentialsProvider extends Provider {}

  /** What `ProfileCredentialsProvider` needs. */
  interface ProfileCredentialsProviderBuilder extends Builder<ProfileCredentialsProvider> {
    /** The profile; else `ALIBABA_CLOUD_PROFILE`, else `default`. */
    withProfileName(profileName?: string): this;
  }
  /** A profile of `~/.alibabacloud/credentials.ini`. */
  export class ProfileCredentialsProvider implements CredentialsProvider {
    static builder(): ProfileCredentialsProviderBuilder;
    constructor(builder: ProfileCredentialsProviderBuilder);
  }
  export interface ProfileCredentialsProvider extends Provider {}

  /** What `CloudSSOCredentialsProvider` needs. */
  interface CloudSSOCredentialsProviderBuilder extends Builder<CloudSSOCredentialsProvider>, LimitSetters {
    /** The sign-in URL. Required. */
    withSignInUrl(signInUrl: string): this;
    /** The account's ID. Required. */
    withAccountId(accountId: string): this;
    /** The access configuration's ID. Required. */
    withAccessConfig(accessConfig: string): this;
    /** The access token. Required. */
    withAccessToken(accessToken: string): this;
    /** When the access token expires, in seconds since the Unix epoch. Required. */
    withAccessTokenExpire(seconds: number): this;
  }
  /** A CloudSSO session that the CLI has logged in to. */
  export class CloudSSOCredentialsProvider implements CredentialsProvider {
    static builder(): CloudSSOCredentialsProviderBuilder;
    constructor(builder: CloudSSOCredentialsProviderBuilder);
  }
  export interface CloudSSOCredentialsProvider extends Provider {}

  /**
   * Told of new OAuth tokens: as soon as the refresh token was rotated, because the old one is no longer good, and once
   * more with the credential that was issued for them. Times are in seconds since the Unix epoch; the credential's parts
   * are `undefined`, and its time 0, as long as there is none. The credential waits for it, a minute at most. If it
   * fails, a warning says so, and the credential comes all the same.
   */
  export type OAuthTokenUpdateCallback = (
    refreshToken: string,
    accessToken: string,
    accessKeyId: string | undefined,
    accessKeySecret: string | undefined,
    securityToken: string | undefined,
    accessTokenExpire: number,
    stsExpire: number,
  ) => Promise<void> | void;

  /** What `OAuthCredentialsProvider` needs. */
  interface OAuthCredentialsProviderBuilder extends Builder<OAuthCredentialsProvider>, LimitSetters {
    /** The client's ID. Required. */
    withClientId(clientId: string): this;
    /** The sign-in URL. Required. */
    withSignInUrl(signInUrl: string): this;
    /** The refresh token. */
    withRefreshToken(refreshToken?: string): this;
    /** The access token; else one is fetched with the refresh token. */
    withAccessToken(accessToken?: string): this;
    /** When the access token expires, in seconds since the Unix epoch. */
    withAccessTokenExpire(seconds?: number): this;
    /** Who is told of new tokens. Without one, a rotated refresh token is lost when the process ends. */
    withTokenUpdateCallback(callback?: OAuthTokenUpdateCallback): this;
  }
  /** An OAuth session that the CLI has logged in to. */
  export class OAuthCredentialsProvider implements CredentialsProvider {
    static builder(): OAuthCredentialsProviderBuilder;
    constructor(builder: OAuthCredentialsProviderBuilder);
  }
  export interface OAuthCredentialsProvider extends Provider {}

  /**
   * Told of every new credential that a command has printed. `expiration` is in seconds since the Unix epoch; 0: it does
   * not say. The credential waits for it, a minute at most. If it fails, a warning says so, and the credential comes all
   * the same.
   */
  export type ExternalCredentialUpdateCallback = (
    accessKeyId: string,
    accessKeySecret: string,
    securityToken: string | undefined,
    expiration: number,
  ) => Promise<void> | void;

  /** What `ExternalCredentialsProvider` needs. */
  interface ExternalCredentialsProviderBuilder extends Builder<ExternalCredentialsProvider> {
    /** The command line. Required. */
    withProcessCommand(processCommand: string): this;
    /** How long the command may take, in milliseconds; default 60000. */
    withTimeout(milliseconds?: number): this;
    /** Who is told of new credentials. */
    withCredentialUpdateCallback(callback?: ExternalCredentialUpdateCallback): this;
  }
  /** A command that prints a credential. */
  export class ExternalCredentialsProvider implements CredentialsProvider {
    static builder(): ExternalCredentialsProviderBuilder;
    constructor(builder: ExternalCredentialsProviderBuilder);
  }
  export interface ExternalCredentialsProvider extends Provider {}

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

  export { Credential, Credential as default };
}

export = Credential;
