/**
 * A client of one source of credentials, or of the default chain.
 *
 * Caches the credential and refreshes it before it expires. The constructor opens no connection and starts no thread.
 * An idle client does not keep the process alive. `util.inspect` and `JSON.stringify` show none of its secrets.
 */
declare class Credential {
  /**
   * Creates a client of the source that `config` names or, without `config`, of the default chain. For the chain the
   * constructor always succeeds: the first call reports what the chain finds.
   *
   * @param provider - Takes precedence over `config`. One of the provider classes, or a custom provider: any object
   * with the methods `getCredentials()` and `getProviderName()`. A custom provider is called for every credential;
   * concurrent callers share one call. An object with neither method is ignored, as in the official package; one with
   * only one of them is an error.
   *
   * @throws {Credential.CredentialError} `ERR_ALIYUN_CRED_INVALID_CONFIG` if an option is missing, contradictory, out
   * of range or of the wrong type.
   */
  constructor(
    config?: Credential.Config | Credential.ConfigOptions | null,
    provider?: Credential.CustomProvider | { [key: string]: any } | null,
  );

  /**
   * Returns the current credential. Concurrent callers share one request.
   *
   * The model is frozen, and shared by all callers until the next refresh. The environment variables are read at every
   * call; their credential is never cached.
   *
   * @throws {Credential.CredentialError} The source's failure, if no valid credential is cached;
   * `ERR_ALIYUN_CRED_CANCELLED` if `options.signal` aborts first (the refresh goes on for other callers). An error that
   * a custom provider throws is passed on unchanged. If it returns nothing within a minute: `ERR_ALIYUN_CRED_TIMEOUT`.
   * If it asks the client that is asking it: `ERR_ALIYUN_CRED_RECURSION`.
   */
  getCredential(options?: Credential.CallOptions): Promise<Credential.CredentialModel>;

  /**
   * Returns the current credential synchronously. Blocks the event loop while the source is asked.
   *
   * A custom provider and an update callback need the event loop. A client with one of them returns only a cached
   * credential here.
   *
   * @throws {Credential.CredentialError} As `getCredential()`, and `ERR_ALIYUN_CRED_INVALID_CONFIG` if only
   * `getCredential()` can answer.
   */
  getCredentialSync(): Credential.CredentialModel;

  /**
   * Returns the AccessKey ID; empty for a bearer token.
   * @deprecated Use `(await getCredential()).accessKeyId`: only consecutive reads belong to one credential.
   */
  getAccessKeyId(): Promise<string>;

  /**
   * Returns the AccessKey secret; empty for a bearer token.
   * @deprecated Use `(await getCredential()).accessKeySecret`: only consecutive reads belong to one credential.
   */
  getAccessKeySecret(): Promise<string>;

  /**
   * Returns the security token; empty for a bearer token. `undefined` for a long-lived AccessKey pair, although the
   * type, kept from the official package, does not say so.
   * @deprecated Use `(await getCredential()).securityToken`: only consecutive reads belong to one credential.
   */
  getSecurityToken(): Promise<string>;

  /**
   * Returns the bearer token. `undefined` if the source provides none or has not been asked yet, although the type,
   * kept from the official package, does not say so.
   * @deprecated Use `(await getCredential()).bearerToken`.
   */
  getBearerToken(): string;

  /**
   * Returns the type that the client was created for: `access_key`, `ram_role_arn`, ...; `default` for the chain; for a
   * provider, its name.
   */
  getType(): string;

  /** This client. In the official package, the object that does the work. */
  get credential(): this;

  /** Drops the cached credential, for example after a service has rejected it. The next call asks the source again. */
  invalidate(): void;

  /**
   * Asks the sources anew, and reports what each of them found: which one answers, why the others do not, and what to
   * change. For people: a request for a credential costs less.
   *
   * Sends the requests and runs the commands of a call by a new client, but touches nothing that is cached and writes
   * nothing. Takes at most 30 seconds. Neither the report nor its text contains a secret. `String(report)` is the text,
   * for a terminal of 80 columns.
   *
   * A source that fails is part of the report, and no error.
   *
   * @throws {TypeError} An option is unknown or of the wrong type.
   * @throws {Credential.CredentialError} `ERR_ALIYUN_CRED_RECURSION` if the client's own custom provider asks for the
   * report; `ERR_ALIYUN_CRED_IO` if no thread can be started.
   */
  explain(options?: Credential.ExplainOptions | null): Promise<Credential.Report>;

  /**
   * Returns what is known without asking the source or waiting for a refresh, for health checks and metrics. Nothing is
   * known of a custom provider, unless it is the base of a role.
   */
  status(): Credential.Status;

  /**
   * Adds a listener for one kind of event: see `Credential.EventKind`. Returns this client.
   *
   * Listeners run from the event loop, in the order of the events. They keep neither the process nor the client alive. One
   * that throws or rejects causes a warning (`process.emitWarning`); the others still run. At most 64 events wait for an
   * event loop that is blocked; others are dropped. Names of other events are accepted, and never emitted. A custom
   * provider causes no events, unless it is the base of a role.
   *
   * The channel `aliyun-cred:event` of `node:diagnostics_channel` publishes `Credential.EventMessage`: the events of each
   * client that asked its source while the channel had subscribers.
   *
   * @throws {TypeError} `listener` is not a function.
   */
  on(kind: Credential.EventKind, listener: Credential.EventListener): this;
  /** Adds a listener for the next event of one kind only; else like `on()`. */
  once(kind: Credential.EventKind, listener: Credential.EventListener): this;
  /** Removes a listener; if it was added repeatedly, the last of them. Returns this client. */
  off(kind: Credential.EventKind, listener: Credential.EventListener): this;
  /** The same as `on()`. */
  addListener(kind: Credential.EventKind, listener: Credential.EventListener): this;
  /** The same as `off()`. */
  removeListener(kind: Credential.EventKind, listener: Credential.EventListener): this;

  /** Returns what `JSON.stringify` shows: the type, no secret. */
  toJSON(): { type: string };
}

declare namespace Credential {
  /** The options of one source. */
  export interface ConfigOptions {
    // --- generated by bindings/options.py from bindings/options.json
    /**
     * The kind of source: `access_key`, `sts`, `bearer`, `ecs_ram_role`, `ram_role_arn`, `rsa_key_pair`,
     * `oidc_role_arn`, `credentials_uri` or `kms_secret`. Required.
     */
    type?: string;
    /** The AccessKey ID; else `ALIBABA_CLOUD_ACCESS_KEY_ID`. */
    accessKeyId?: string;
    /** The AccessKey secret; else `ALIBABA_CLOUD_ACCESS_KEY_SECRET`. */
    accessKeySecret?: string;
    /** The STS security token; for `sts` else `ALIBABA_CLOUD_SECURITY_TOKEN`. */
    securityToken?: string;
    /** The bearer token, for the type `bearer`. */
    bearerToken?: string;
    /** Accepted for compatibility and ignored; see `roleSessionExpiration`. */
    durationSeconds?: number;
    /** The ARN of the RAM role to assume; else `ALIBABA_CLOUD_ROLE_ARN`. */
    roleArn?: string;
    /** A policy in JSON that restricts the session's permissions. */
    policy?: string;
    /** The session's lifetime in seconds, 900 or more; default 3600. */
    roleSessionExpiration?: number;
    /** The session's name; else `ALIBABA_CLOUD_ROLE_SESSION_NAME`, else `credentials-nodejs-<milliseconds>`. */
    roleSessionName?: string;
    /** The external ID that the role's trust policy requires. */
    externalId?: string;
    /** STS's host, host with port, or URL; else `ALIBABA_CLOUD_STS_ENDPOINT`, else by region. */
    stsEndpoint?: string;
    /** STS's region, such as `cn-hangzhou`; else `ALIBABA_CLOUD_STS_REGION`, else `sts.aliyuncs.com`. */
    stsRegionId?: string;
    /**
     * Whether to use the region's VPC endpoint; else `ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED`. Without a region, no effect.
     */
    enableVpc?: boolean;
    /** The ARN of the OIDC provider; else `ALIBABA_CLOUD_OIDC_PROVIDER_ARN`. */
    oidcProviderArn?: string;
    /** The file that holds the OIDC token; else `ALIBABA_CLOUD_OIDC_TOKEN_FILE`. */
    oidcTokenFilePath?: string;
    /** The key ID of an RSA key pair. */
    publicKeyId?: string;
    /** The file that holds the private key of an RSA key pair. */
    privateKeyFile?: string;
    /** The private key itself, in PEM; takes precedence over the file. */
    privateKey?: string;
    /** The name or the ARN of the KMS secret that holds an AccessKey pair, for the type `kms_secret`. */
    secretName?: string;
    /** KMS's region, such as `cn-hangzhou`; else that of the secret's ARN. */
    kmsRegionId?: string;
    /** KMS's host, host with port, or URL, such as that of a dedicated gateway; else by region. */
    kmsEndpoint?: string;
    /**
     * The file with the certificate authorities, in PEM, that alone are trusted when KMS is asked; a dedicated gateway
     * has one of its own. Else those of the system.
     */
    caFile?: string;
    /** The instance's RAM role; else `ALIBABA_CLOUD_ECS_METADATA`; if empty, read from the metadata service. */
    roleName?: string;
    /** Accepted for compatibility and ignored: version 2 of the metadata service is always tried first. */
    enableIMDSv2?: boolean;
    /** Whether never to fall back to version 1 of the metadata service; else `ALIBABA_CLOUD_IMDSV1_DISABLED`. */
    disableIMDSv1?: boolean;
    /** Accepted for compatibility and ignored. */
    metadataTokenDuration?: number;
    /** Whether a timer refreshes the metadata service's credentials; default true. */
    asyncCredentialUpdateEnabled?: boolean;
    /** The URI that returns credentials; else `ALIBABA_CLOUD_CREDENTIALS_URI`. */
    credentialsURI?: string;
    /**
     * The time limit of one request once connected, or of an external command, in milliseconds; 0 or absent: the
     * source's default.
     */
    timeout?: number;
    /** The time limit of a connection attempt, in milliseconds; 0 or absent: the source's default. */
    connectTimeout?: number;
    /**
     * The folder where the processes of this user share sessions, or `1` for the usual one; else
     * `ALIBABA_CLOUD_CREDENTIALS_CACHE`, else nothing is shared.
     */
    cacheDir?: string;
    /** The proxy for this source's requests, such as `http://127.0.0.1:8080`; else that of the environment. */
    proxy?: string;
    // --- end of the generated code
  }

  export interface Config extends ConfigOptions {}

  /** A configuration. `util.inspect` and `JSON.stringify` mask its secrets; `toMap` returns them. */
  export class Config {
    /** Copies the options in `map`. Ignores `undefined`, `null` and unknown names. */
    constructor(map?: { [key: string]: any } | null);
    /** Returns the key of each property in `toMap()`. Only that of `timeout` differs: `readTimeout`. */
    static names(): { [property: string]: string };
    /** Returns the type of each property: `string`, `number` or `boolean`. */
    static types(): { [property: string]: string };
    /** Returns the options that are set, secrets included. */
    toMap(): { [key: string]: any };
    /** Returns the options that are set, secrets masked. */
    toJSON(): { [key: string]: any };
  }

  /**
   * A credential. Absent values are missing properties. `util.inspect` and `JSON.stringify` mask the secrets; the
   * properties and `toMap` return them.
   */
  export class CredentialModel {
    /** Copies the properties in `map`. */
    constructor(map?: { [key: string]: any } | null);
    /** The AccessKey ID; empty for a bearer token. */
    accessKeyId?: string;
    /** The AccessKey secret; empty for a bearer token. */
    accessKeySecret?: string;
    /** The STS security token; empty for a bearer token, absent for a long-lived AccessKey pair. */
    securityToken?: string;
    /** The bearer token, if the source provides one. */
    bearerToken?: string;
    /** The type that the client was created for; `default` for the chain. */
    type?: string;
    /** The path of sources behind the credential, such as `default/cli_profile/ram_role_arn/static_ak`. */
    providerName?: string;
    /** When the credential expires; `undefined` if it does not. Not part of `toMap()`. */
    get expiration(): Date | undefined;
    /** Returns the key of each property in `toMap()`. */
    static names(): { [property: string]: string };
    /** Returns the type of each property. */
    static types(): { [property: string]: string };
    /** Returns the properties that are set, secrets included. */
    toMap(): { [key: string]: any };
    /** Returns the properties that are set, secrets masked. */
    toJSON(): { [key: string]: any };
  }

  /** The credential that a provider class returns. */
  export interface Credentials {
    /** The AccessKey ID. */
    readonly accessKeyId: string;
    /** The AccessKey secret. */
    readonly accessKeySecret: string;
    /** The security token. For a long-lived AccessKey pair it is `undefined`, although its type does not say so. */
    readonly securityToken: string;
    /** The path of sources behind the credential. */
    readonly providerName: string;
    /** When the credential expires; `undefined` if it does not. */
    readonly expiration?: Date;
  }

  /** The interface of all provider classes. */
  export interface CredentialsProvider {
    /** Returns the current credential. */
    getCredentials: () => Promise<Credentials>;
    /** Returns the name, as in `providerName`. */
    getProviderName: () => string;
  }

  /** The credential that a custom provider returns: an AccessKey pair, or a bearer token. */
  export interface CustomCredentials {
    /** The AccessKey ID. */
    readonly accessKeyId?: string;
    /** The AccessKey secret. */
    readonly accessKeySecret?: string;
    /** The security token of an STS credential. */
    readonly securityToken?: string;
    /** The bearer token, instead of a pair. */
    readonly bearerToken?: string;
    /** The credential's origin; default: the provider's name. */
    readonly providerName?: string;
    /** When the credential expires. As the base of a role, one that expires is cached, and refreshed in time. */
    readonly expiration?: Date;
  }

  /** A custom provider, written by the user of this package. */
  export interface CustomProvider {
    /** Returns the current credential, within a minute. Must not ask the client that is asking it. */
    getCredentials(): Promise<CustomCredentials> | CustomCredentials;
    /** Returns the name, as in `providerName`. */
    getProviderName(): string;
  }

  /**
   * A provider of one source, created by `builder()`. Caches and refreshes like a client, and shows no secret either.
   */
  interface Provider {
    /**
     * Returns the current credential, like a client's `getCredential()`.
     * @throws {Credential.CredentialError} Like `getCredential()`.
     */
    getCredentials(options?: CallOptions): Promise<Credentials>;
    /** Returns the source's name, as in `providerName`. */
    getProviderName(): string;
    /** Drops the cached credential. The next call asks the source again. */
    invalidate(): void;
    /** Returns what `JSON.stringify` shows: the name, no secret. */
    toJSON(): { providerName: string };
  }

  /** Collects the settings of a provider. `undefined` and `null` remove a setting. */
  interface Builder<P> {
    /**
     * Creates the provider. Opens no connection.
     * @throws {Credential.CredentialError} `ERR_ALIYUN_CRED_INVALID_CONFIG` if something is missing or wrong.
     */
    build(): P;
  }

  /** The time limits of a source's requests. */
  interface LimitSetters {
    /** The time limit of one request once connected, in milliseconds; 0 or absent: the source's default. */
    withReadTimeout(milliseconds?: number): this;
    /** The time limit of a connection attempt, in milliseconds; 0 or absent: the source's default. */
    withConnectTimeout(milliseconds?: number): this;
  }

  /** An AccessKey pair. */
  interface PairSetters {
    /** The AccessKey ID; else `ALIBABA_CLOUD_ACCESS_KEY_ID`. */
    withAccessKeyId(accessKeyId?: string): this;
    /** The AccessKey secret; else `ALIBABA_CLOUD_ACCESS_KEY_SECRET`. */
    withAccessKeySecret(accessKeySecret?: string): this;
  }

  /** A role, and the STS endpoint that issues its credentials. */
  interface RoleSetters extends LimitSetters {
    /** The ARN of the RAM role to assume; else `ALIBABA_CLOUD_ROLE_ARN`. */
    withRoleArn(roleArn?: string): this;
    /** The session's name; else `ALIBABA_CLOUD_ROLE_SESSION_NAME`, else generated from the time. */
    withRoleSessionName(roleSessionName?: string): this;
    /** The session's lifetime in seconds, 900 or more; default 3600. */
    withDurationSeconds(seconds?: number): this;
    /** A policy in JSON that restricts the session's permissions. */
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

  /** The settings of `EnvironmentVariableCredentialsProvider`. */
  interface EnvironmentVariableCredentialsProviderBuilder extends Builder<EnvironmentVariableCredentialsProvider> {}
  /** The environment variables `ALIBABA_CLOUD_ACCESS_KEY_ID`, `..._SECRET` and `ALIBABA_CLOUD_SECURITY_TOKEN`. */
  export class EnvironmentVariableCredentialsProvider implements CredentialsProvider {
    static builder(): EnvironmentVariableCredentialsProviderBuilder;
    constructor(builder: EnvironmentVariableCredentialsProviderBuilder);
  }
  export interface EnvironmentVariableCredentialsProvider extends Provider {}

  /** The settings of `StaticAKCredentialsProvider`. */
  interface StaticAKCredentialsProviderBuilder extends Builder<StaticAKCredentialsProvider>, PairSetters {}
  /** An AccessKey pair. */
  export class StaticAKCredentialsProvider implements CredentialsProvider {
    static builder(): StaticAKCredentialsProviderBuilder;
    constructor(builder: StaticAKCredentialsProviderBuilder);
  }
  export interface StaticAKCredentialsProvider extends Provider {}

  /** The settings of `StaticSTSCredentialsProvider`. */
  interface StaticSTSCredentialsProviderBuilder extends Builder<StaticSTSCredentialsProvider>, PairSetters {
    /** The security token; else `ALIBABA_CLOUD_SECURITY_TOKEN`. */
    withSecurityToken(securityToken?: string): this;
  }
  /** A fixed STS credential. It is not refreshed. */
  export class StaticSTSCredentialsProvider implements CredentialsProvider {
    static builder(): StaticSTSCredentialsProviderBuilder;
    constructor(builder: StaticSTSCredentialsProviderBuilder);
  }
  export interface StaticSTSCredentialsProvider extends Provider {}

  /** The settings of `RAMRoleARNCredentialsProvider`. */
  interface RAMRoleARNCredentialsProviderBuilder extends Builder<RAMRoleARNCredentialsProvider>, RoleSetters {
    /** The provider that assumes the role: one of the classes here, or a custom provider. Required. */
    withCredentialsProvider(provider: CredentialsProvider | CustomProvider): this;
    /** The external ID that the role's trust policy requires. */
    withExternalId(externalId?: string): this;
  }
  /** A RAM role, assumed with another provider's credential. */
  export class RAMRoleARNCredentialsProvider implements CredentialsProvider {
    static builder(): RAMRoleARNCredentialsProviderBuilder;
    constructor(builder: RAMRoleARNCredentialsProviderBuilder);
  }
  export interface RAMRoleARNCredentialsProvider extends Provider {}

  /** The settings of `OIDCRoleArnCredentialsProvider`. */
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

  /** The settings of `ECSRAMRoleCredentialsProvider`. */
  interface ECSRAMRoleCredentialsProviderBuilder extends Builder<ECSRAMRoleCredentialsProvider>, LimitSetters {
    /** The instance's RAM role; else `ALIBABA_CLOUD_ECS_METADATA`; if empty, read from the metadata service. */
    withRoleName(roleName?: string): this;
    /** Whether never to fall back to version 1 of the metadata service; else `ALIBABA_CLOUD_IMDSV1_DISABLED`. */
    withDisableIMDSv1(disableIMDSv1?: boolean): this;
    /** Whether a timer refreshes the credentials, too; default true. */
    withAsyncCredentialUpdateEnabled(enabled?: boolean): this;
  }
  /** The RAM role of an instance, from its metadata service. */
  export class ECSRAMRoleCredentialsProvider implements CredentialsProvider {
    static builder(): ECSRAMRoleCredentialsProviderBuilder;
    constructor(builder: ECSRAMRoleCredentialsProviderBuilder);
    /** Stops the refresh timer, and drops the cached credential. The provider can still be asked. */
    close(): void;
  }
  export interface ECSRAMRoleCredentialsProvider extends Provider {}

  /** The settings of `KMSSecretCredentialsProvider`. */
  interface KMSSecretCredentialsProviderBuilder extends Builder<KMSSecretCredentialsProvider>, LimitSetters {
    /** The provider that KMS is asked with: one of the classes here, or a custom one; default the default chain. */
    withCredentialsProvider(provider?: CredentialsProvider | CustomProvider): this;
    /** The secret's name or ARN. Required. */
    withSecretName(secretName: string): this;
    /** KMS's region; default that of the secret's ARN. */
    withKmsRegionId(kmsRegionId?: string): this;
    /** KMS's host, such as that of a dedicated gateway; default by region. */
    withKmsEndpoint(kmsEndpoint?: string): this;
    /** Whether to use the region's VPC endpoint; else `ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED`. */
    withEnableVpc(enableVpc?: boolean): this;
    /** The certificate authorities to trust, in PEM: a dedicated gateway has one of its own. */
    withCaFile(caFile?: string): this;
  }
  /** An AccessKey pair in a secret of KMS, which rotates it. */
  export class KMSSecretCredentialsProvider implements CredentialsProvider {
    static builder(): KMSSecretCredentialsProviderBuilder;
    constructor(builder: KMSSecretCredentialsProviderBuilder);
  }
  export interface KMSSecretCredentialsProvider extends Provider {}

  /** The settings of `URICredentialsProvider`. */
  interface URICredentialsProviderBuilder extends Builder<URICredentialsProvider>, LimitSetters {
    /** The URI; else `ALIBABA_CLOUD_CREDENTIALS_URI`. */
    withCredentialsURI(credentialsURI?: string): this;
  }
  /** A URI that returns credentials. */
  export class URICredentialsProvider implements CredentialsProvider {
    static builder(): URICredentialsProviderBuilder;
    constructor(builder: URICredentialsProviderBuilder);
  }
  export interface URICredentialsProvider extends Provider {}

  /** The settings of `CLIProfileCredentialsProvider`. */
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

  /** The settings of `ProfileCredentialsProvider`. */
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

  /** The settings of `LegacyEnvironmentVariableCredentialsProvider`. */
  interface LegacyEnvironmentVariableCredentialsProviderBuilder extends Builder<LegacyEnvironmentVariableCredentialsProvider> {}
  /** The environment variables of the first SDKs: `ALIYUN_ACCESS_KEY_ID` and `ALIYUN_ACCESS_KEY_SECRET`. */
  export class LegacyEnvironmentVariableCredentialsProvider implements CredentialsProvider {
    static builder(): LegacyEnvironmentVariableCredentialsProviderBuilder;
    constructor(builder: LegacyEnvironmentVariableCredentialsProviderBuilder);
  }
  export interface LegacyEnvironmentVariableCredentialsProvider extends Provider {}

  /** The settings of `OSSEnvironmentVariableCredentialsProvider`. */
  interface OSSEnvironmentVariableCredentialsProviderBuilder extends Builder<OSSEnvironmentVariableCredentialsProvider> {}
  /** The environment variables of the OSS SDKs: `OSS_ACCESS_KEY_ID`, `..._SECRET` and `OSS_SESSION_TOKEN`. */
  export class OSSEnvironmentVariableCredentialsProvider implements CredentialsProvider {
    static builder(): OSSEnvironmentVariableCredentialsProviderBuilder;
    constructor(builder: OSSEnvironmentVariableCredentialsProviderBuilder);
  }
  export interface OSSEnvironmentVariableCredentialsProvider extends Provider {}

  /** The settings of `TerraformEnvironmentVariableCredentialsProvider`. */
  interface TerraformEnvironmentVariableCredentialsProviderBuilder extends Builder<TerraformEnvironmentVariableCredentialsProvider> {}
  /** The environment variables of Terraform: `ALICLOUD_ACCESS_KEY`, `ALICLOUD_SECRET_KEY` and `ALICLOUD_SECURITY_TOKEN`. */
  export class TerraformEnvironmentVariableCredentialsProvider implements CredentialsProvider {
    static builder(): TerraformEnvironmentVariableCredentialsProviderBuilder;
    constructor(builder: TerraformEnvironmentVariableCredentialsProviderBuilder);
  }
  export interface TerraformEnvironmentVariableCredentialsProvider extends Provider {}

  /** The settings of `OSSProfileCredentialsProvider`. */
  interface OSSProfileCredentialsProviderBuilder extends Builder<OSSProfileCredentialsProvider> {
    /** The section; else `OSS_PROFILE`, else `default`. */
    withProfileName(profileName?: string): this;
  }
  /** A section of `~/.oss/credentials`, or of the file that `OSS_CREDENTIAL_PROFILES_FILE` names. */
  export class OSSProfileCredentialsProvider implements CredentialsProvider {
    static builder(): OSSProfileCredentialsProviderBuilder;
    constructor(builder: OSSProfileCredentialsProviderBuilder);
  }
  export interface OSSProfileCredentialsProvider extends Provider {}

  /** The settings of `CloudSSOCredentialsProvider`. */
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
   * Receives new OAuth tokens. Called as soon as the refresh token is rotated, because the old one is no longer valid,
   * and again with the credential issued for the new tokens. Times are in seconds since the Unix epoch. Before the
   * credential is issued, its parts are `undefined` and `stsExpire` is 0. The credential waits up to a minute for the
   * callback. If the callback fails, a warning is emitted and the credential is returned all the same.
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

  /** The settings of `OAuthCredentialsProvider`. */
  interface OAuthCredentialsProviderBuilder extends Builder<OAuthCredentialsProvider>, LimitSetters {
    /** The client's ID. Required. */
    withClientId(clientId: string): this;
    /** The sign-in URL. Required. */
    withSignInUrl(signInUrl: string): this;
    /** The refresh token. */
    withRefreshToken(refreshToken?: string): this;
    /** The access token; default: fetched with the refresh token. */
    withAccessToken(accessToken?: string): this;
    /** When the access token expires, in seconds since the Unix epoch. */
    withAccessTokenExpire(seconds?: number): this;
    /** The update callback, which receives new tokens. Without it, a rotated refresh token is lost with the process. */
    withTokenUpdateCallback(callback?: OAuthTokenUpdateCallback): this;
  }
  /** An OAuth session that the CLI has logged in to. */
  export class OAuthCredentialsProvider implements CredentialsProvider {
    static builder(): OAuthCredentialsProviderBuilder;
    constructor(builder: OAuthCredentialsProviderBuilder);
  }
  export interface OAuthCredentialsProvider extends Provider {}

  /**
   * Receives every new credential that the command prints. `expiration` is in seconds since the Unix epoch; 0 if the
   * command prints none. The credential waits up to a minute for the callback. If the callback fails, a warning is
   * emitted and the credential is returned all the same.
   */
  export type ExternalCredentialUpdateCallback = (
    accessKeyId: string,
    accessKeySecret: string,
    securityToken: string | undefined,
    expiration: number,
  ) => Promise<void> | void;

  /** The settings of `ExternalCredentialsProvider`. */
  interface ExternalCredentialsProviderBuilder extends Builder<ExternalCredentialsProvider> {
    /** The command line. Required. */
    withProcessCommand(processCommand: string): this;
    /** The command's time limit, in milliseconds; default 60000. */
    withTimeout(milliseconds?: number): this;
    /** The update callback, which receives new credentials. */
    withCredentialUpdateCallback(callback?: ExternalCredentialUpdateCallback): this;
  }
  /** A command that prints a credential. */
  export class ExternalCredentialsProvider implements CredentialsProvider {
    static builder(): ExternalCredentialsProviderBuilder;
    constructor(builder: ExternalCredentialsProviderBuilder);
  }
  export interface ExternalCredentialsProvider extends Provider {}

  /** The options of one call. */
  export interface CallOptions {
    /** Rejects the call when it aborts, such as `AbortSignal.timeout(1000)`. */
    signal?: AbortSignalLike | null;
  }

  /** The part of `AbortSignal` that is used, so that these types depend on no others. */
  export interface AbortSignalLike {
    readonly aborted: boolean;
    readonly reason?: any;
    addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
    removeEventListener(type: 'abort', listener: () => void): void;
  }

  /** The options of `explain()`. */
  export interface ExplainOptions {
    /** Whether to ask all sources, also behind the first that answers; default false. */
    all?: boolean | null;
    /**
     * Together with `all`: whether an OAuth session may rotate its refresh token. Where the report would have to, the
     * client refreshes its credential first. Otherwise such a source is left alone. Default false.
     */
    rotate?: boolean | null;
  }

  /** What `explain()` found. The names are those of the report's JSON, which is the same in every language. */
  export interface Report {
    /** The version of this form: 1. */
    version: number;
    /** The client's type, such as `default`. */
    type: string;
    /** The sources, in the order in which they are asked. */
    sources: SourceReport[];
    /** The credential that a new client would return; `null` if it would fail. */
    credentials: CredentialReport | null;
    /** What may be wrong although a credential was found. */
    warnings: ReportWarning[];
    /**
     * How many seconds the services' clock is ahead of this machine's, as far as this process has learned from HTTPS
     * services of Alibaba Cloud; negative if it is behind. Absent if it is 0.
     */
    clock_offset_seconds?: number;
    /** Returns the report as text. Not enumerable. */
    toString(): string;
  }

  /** What a report says about one source. */
  export interface SourceReport {
    /** The source, as in `providerName`; the name of a custom provider. */
    source: string;
    /**
     * `not_configured`: no variable, no file, no ECS instance. `failed`: it is configured. `not_asked`: an earlier source
     * answered, or asking would change something.
     */
    state: 'answered' | 'not_configured' | 'disabled' | 'failed' | 'not_asked';
    /** Why it did not answer, and what to change, in one line. */
    reason: string | null;
    /** The kind of its failure, as in `Attempt`. */
    kind: string | null;
    /** The source below it that failed, such as the role of a profile. */
    failed_at: string | null;
    /** How long it took. */
    milliseconds: number;
    /** The environment variables that it read, without their values. */
    variables: { name: string; state: 'set' | 'empty' | 'unset' | 'assigned' }[];
    /**
     * The files that it read; `profile` is the profile or section that was used, `reason` the operating system's error.
     */
    files: {
      path: string;
      profile: string | null;
      state: 'read' | 'missing' | 'unreadable';
      reason: string | null;
    }[];
    /** The requests that it sent. */
    requests: RequestReport[];
    /** The commands that it ran; `program` has neither folder nor arguments. */
    commands: { program: string; succeeded: boolean; milliseconds: number }[];
  }

  /** A request that a source sent. */
  export interface RequestReport {
    /** The service's host, and its port if the URL names one. */
    host: string;
    /** The proxy it went through, and the variable or option that names it. */
    proxy: string | null;
    /** The HTTP status; `null` if no reply arrived. */
    status: number | null;
    /** The service's error code. */
    code: string | null;
    /** The service's request ID. */
    request_id: string | null;
    /** Why no reply arrived: a kind of failure, as in `Attempt`. */
    failure: string | null;
    /** How long it took. */
    milliseconds: number;
  }

  /** The credential of a report, without its secrets. Times are in RFC 3339, in UTC. */
  export interface CredentialReport {
    /** Its type, such as `ram_role_arn`. */
    type: string;
    /** The path of sources behind it, such as `default/cli_profile/ram_role_arn/static_ak`. */
    provider_name: string | null;
    /** The AccessKey ID, shortened to its first 8 and last 4 characters; `null` for a bearer token. */
    access_key_id: string | null;
    /** When it expires; `null` if it never does, or if that is unknown. */
    expiration: string | null;
    /** The earliest time at which a client refreshes it in the background. */
    refresh_from: string | null;
    /** The latest such time: from then on, a call waits for the refresh. */
    refresh_until: string | null;
  }

  /** Something that may be wrong. */
  export interface ReportWarning {
    /**
     * What it is about: `clock`, `file_permissions`, `proxy`, `shadowed_profile`, `unknown_profile` or
     * `legacy_variables`.
     */
    kind: string;
    /** What was found, and what to change, in one line. */
    message: string;
  }

  /** What a client knows. Durations are in milliseconds, times in milliseconds since the Unix epoch. */
  export interface Status {
    /** The client's type, as `getType()` returns it. */
    type: string;
    /**
     * Whether there is a valid credential. Always false for a source that is asked at every call, except environment
     * variables, whose last credential is kept.
     */
    hasCredentials: boolean;
    /** The path of sources behind it. */
    providerName: string | null;
    /** When it expires; `null` if it never does, or if that is unknown. */
    expiration: number | null;
    /** How long ago it was fetched; `null` for one that is never refreshed. */
    age: number | null;
    /** The time until a call starts its refresh; 0 if it is due, `null` for one that is never refreshed. */
    refreshIn: number | null;
    /** Whether it is used past its expiration; only for the metadata service, while that is unreachable. */
    isPastExpiration: boolean;
    /** The last attempt to fetch a credential: when it ended, and how long it took. */
    lastRefresh: { at: number; took: number; succeeded: boolean } | null;
    /** How many attempts in a row have failed. */
    failures: number;
    /** Why the last one failed. */
    lastError: CredentialError | null;
    /**
     * How far the services' clock is ahead of this machine's, as far as this process has learned from HTTPS services of
     * Alibaba Cloud; negative if it is behind, 0 while they agree.
     */
    clockOffset: number;
  }

  /**
   * What happened to a client's credential:
   *
   * - `refreshed`: one was fetched;
   * - `refresh_failed`: an attempt to fetch one failed; one that is still valid stays in use;
   * - `serving_expired`: an expired one stays in use, because the metadata service is unreachable; follows the
   *   `refresh_failed` of each failed attempt;
   * - `source_changed`: the one that was just fetched comes from other sources than the one before.
   */
  export type EventKind = 'refreshed' | 'refresh_failed' | 'serving_expired' | 'source_changed';

  /**
   * An event. Frozen, because all listeners share it. Durations are in milliseconds, times in milliseconds since the Unix
   * epoch. It contains no secret.
   */
  export interface CredentialEvent {
    /** What happened. */
    readonly kind: EventKind;
    /** When. */
    readonly at: number;
    /** How long the attempt to fetch a credential took. */
    readonly took: number;
    /** The path of sources behind the credential in use; `null` if there is none. */
    readonly providerName: string | null;
    /** For `source_changed`: that of the credential before. */
    readonly previousProviderName: string | null;
    /** When the credential in use expires; `null` if it never does, if that is unknown, or if there is none. */
    readonly expiration: number | null;
    /** Why the attempt failed. */
    readonly error: CredentialError | null;
    /** How many attempts in a row have failed. */
    readonly failures: number;
    /** How many events were dropped before this one, because the event loop was blocked. */
    readonly dropped: number;
  }

  /** Receives events. */
  export type EventListener = (event: CredentialEvent) => void | Promise<void>;

  /** What the diagnostics channel `aliyun-cred:event` publishes. */
  export interface EventMessage {
    /** The client; if a provider class is asked directly, the one inside it. */
    readonly credential: Credential;
    readonly event: CredentialEvent;
  }

  /** The values of `error.code`. */
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

  /** One source of a chain that was asked and returned no credential. */
  export interface Attempt {
    /** The source's name as in `providerName`. */
    provider: string;
    /** The kind of failure: the last part of an error code in lower case, such as `not_configured`. */
    kind: string;
    /** Why it failed, and what to change, in one line. */
    message: string;
  }

  /** Every failure of this package. No text in it contains a secret. */
  export interface CredentialError extends Error {
    /** The kind of failure. */
    code: ErrorCode;
    /** The service's own error code, such as `NoPermission`, if it returned one. */
    serviceCode?: string;
    /** The service's request ID, for a support case. */
    requestId?: string;
    /** The HTTP status, if a service answered. */
    statusCode?: number;
    /** Every source that the chain asked, in order; empty if no chain was involved. */
    attempts: Attempt[];
  }

  export { Credential, Credential as default };
}

export = Credential;
