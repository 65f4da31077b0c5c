'use strict';

// One class per source. Each wraps a client, and is made by a builder.

const native = require('../native.js');
const { Credential, Opened, notAProvider, open, openProvider, shared } = require('./credential.js');
const { ofKind } = require('./errors.js');
const { inspectCustom } = require('./models.js');

/** The static property that describes a class: its `source`, and its builder's `setters`, method -> option. */
const about = Symbol('about');

/** The method that replaces a provider's client by one with other options, which ends the old one's background work. */
const replace = Symbol('replace');

/** Returns what a builder was given: option -> value. */
let givenTo;

class Builder {
  #Provider;
  #given = {};

  static {
    givenTo = (builder) => builder.#given;
  }

  constructor(Provider) {
    this.#Provider = Provider;
    for (const [method, option] of Object.entries(Provider[about].setters)) {
      this[method] = (value) => {
        if (value === undefined || value === null) delete this.#given[option];
        else this.#given[option] = value;
        return this;
      };
    }
  }

  build() {
    return new this.#Provider(this);
  }

  // A builder holds secrets.
  toJSON() {
    return {};
  }

  [inspectCustom]() {
    return `Builder of ${this.#Provider.name}`;
  }
}

class Provider {
  #opened;
  #client;

  static builder() {
    return new Builder(this);
  }

  constructor(builder) {
    const { credentialsProvider, callback, ...options } = givenTo(builder);
    const { source, updateArguments } = new.target[about];
    const base = credentialsProvider && baseOf(credentialsProvider);
    const guarded = callback && require('./update_callback.js').updateCallback(callback, updateArguments);
    this.#opened = open(source, options, { base, ...guarded });
    this.#client = new Credential(this.#opened);
  }

  async getCredentials(options) {
    return this.#client.getCredential(options);
  }

  getProviderName() {
    return this.constructor[about].source;
  }

  invalidate() {
    this.#client.invalidate();
  }

  toJSON() {
    return { providerName: this.getProviderName() };
  }

  [inspectCustom](depth, options, inspect) {
    return `${this.constructor.name} ${inspect(this.toJSON(), options)}`;
  }

  /** Returns `undefined` if `getCredentials` is overridden, by a subclass or by a test: then it must be called. */
  [shared]() {
    return this.getCredentials === Provider.prototype.getCredentials ? this.#opened[shared]() : undefined;
  }

  [replace](options) {
    native.replace(this.#opened.client, open(this.constructor[about].source, options).client);
    // Not the old one: it has added its listener to the native client that is replaced.
    this.#client = new Credential(this.#opened);
  }
}

/** Opens the provider that assumes a role, or reads a secret. The result always has a native client. */
function baseOf(provider) {
  const opened = openProvider(provider);
  if (!opened) throw notAProvider();
  return opened.client === undefined ? new Opened(opened.guard.open(), opened.guard) : opened;
}

const PAIR = { withAccessKeyId: 'accessKeyId', withAccessKeySecret: 'accessKeySecret' };
const PROFILE = { withProfileName: 'profileName' };
const LIMITS = { withReadTimeout: 'timeout', withConnectTimeout: 'connectTimeout' };
const ROLE = {
  withRoleArn: 'roleArn',
  withRoleSessionName: 'roleSessionName',
  withDurationSeconds: 'roleSessionExpiration',
  withPolicy: 'policy',
  withStsEndpoint: 'stsEndpoint',
  withStsRegionId: 'stsRegionId',
  withEnableVpc: 'enableVpc',
  ...LIMITS,
};

class DefaultCredentialsProvider extends Provider {
  static [about] = { source: 'default', setters: {} };
}

class EnvironmentVariableCredentialsProvider extends Provider {
  static [about] = { source: 'env', setters: {} };
}

class StaticAKCredentialsProvider extends Provider {
  static [about] = { source: 'static_ak', setters: PAIR };
}

class StaticSTSCredentialsProvider extends Provider {
  static [about] = { source: 'static_sts', setters: { ...PAIR, withSecurityToken: 'securityToken' } };
}

class RAMRoleARNCredentialsProvider extends Provider {
  static [about] = {
    source: 'ram_role_arn',
    setters: { withCredentialsProvider: 'credentialsProvider', withExternalId: 'externalId', ...ROLE },
  };

  #base;

  constructor(builder) {
    const { credentialsProvider } = givenTo(builder);
    // A configuration without one would use its AccessKey pair, which this builder does not take.
    if (!credentialsProvider) {
      throw ofKind('invalid_config', 'must specify a previous credentials provider to asssume role');
    }
    super(builder);
    this.#base = credentialsProvider;
  }

  getProviderName() {
    return native.oneLine(`${super.getProviderName()}/${this.#base.getProviderName()}`);
  }
}

class OIDCRoleArnCredentialsProvider extends Provider {
  static [about] = {
    source: 'oidc_role_arn',
    setters: { withOIDCProviderArn: 'oidcProviderArn', withOIDCTokenFilePath: 'oidcTokenFilePath', ...ROLE },
  };
}

class ECSRAMRoleCredentialsProvider extends Provider {
  static [about] = {
    source: 'ecs_ram_role',
    setters: {
      withRoleName: 'roleName',
      withDisableIMDSv1: 'disableIMDSv1',
      withAsyncCredentialUpdateEnabled: 'asyncCredentialUpdateEnabled',
      ...LIMITS,
    },
  };

  #options;

  constructor(builder) {
    super(builder);
    this.#options = { ...givenTo(builder), asyncCredentialUpdateEnabled: false };
  }

  close() {
    this[replace](this.#options);
  }
}

class KMSSecretCredentialsProvider extends Provider {
  static [about] = {
    source: 'kms_secret',
    setters: {
      withCredentialsProvider: 'credentialsProvider',
      withSecretName: 'secretName',
      withKmsRegionId: 'kmsRegionId',
      withKmsEndpoint: 'kmsEndpoint',
      withEnableVpc: 'enableVpc',
      withCaFile: 'caFile',
      ...LIMITS,
    },
  };
}

class URICredentialsProvider extends Provider {
  static [about] = { source: 'credential_uri', setters: { withCredentialsURI: 'credentialsURI', ...LIMITS } };
}

class CLIProfileCredentialsProvider extends Provider {
  static [about] = { source: 'cli_profile', setters: PROFILE };
}

class ProfileCredentialsProvider extends Provider {
  static [about] = { source: 'profile', setters: PROFILE };
}

class LegacyEnvironmentVariableCredentialsProvider extends Provider {
  static [about] = { source: 'env_legacy', setters: {} };
}

class OSSEnvironmentVariableCredentialsProvider extends Provider {
  static [about] = { source: 'env_oss', setters: {} };
}

class TerraformEnvironmentVariableCredentialsProvider extends Provider {
  static [about] = { source: 'env_terraform', setters: {} };
}

class OSSProfileCredentialsProvider extends Provider {
  static [about] = { source: 'oss_profile', setters: PROFILE };
}

class CloudSSOCredentialsProvider extends Provider {
  static [about] = {
    source: 'cloud_sso',
    setters: {
      withSignInUrl: 'signInUrl',
      withAccountId: 'accountId',
      withAccessConfig: 'accessConfig',
      withAccessToken: 'accessToken',
      withAccessTokenExpire: 'accessTokenExpire',
      ...LIMITS,
    },
  };
}

class OAuthCredentialsProvider extends Provider {
  static [about] = {
    source: 'oauth',
    setters: {
      withClientId: 'clientId',
      withSignInUrl: 'signInUrl',
      withRefreshToken: 'refreshToken',
      withAccessToken: 'accessToken',
      withAccessTokenExpire: 'accessTokenExpire',
      withTokenUpdateCallback: 'callback',
      ...LIMITS,
    },
    updateArguments: (update) => [
      update.refreshToken,
      update.accessToken,
      update.accessKeyId,
      update.accessKeySecret,
      update.securityToken,
      update.accessTokenExpire ?? 0,
      update.expiration ?? 0,
    ],
  };
}

class ExternalCredentialsProvider extends Provider {
  static [about] = {
    source: 'external',
    setters: {
      withProcessCommand: 'processCommand',
      withTimeout: 'timeout',
      withCredentialUpdateCallback: 'callback',
    },
    updateArguments: (update) => [
      update.accessKeyId,
      update.accessKeySecret,
      update.securityToken,
      update.expiration ?? 0,
    ],
  };
}

module.exports = {
  DefaultCredentialsProvider,
  EnvironmentVariableCredentialsProvider,
  StaticAKCredentialsProvider,
  StaticSTSCredentialsProvider,
  RAMRoleARNCredentialsProvider,
  OIDCRoleArnCredentialsProvider,
  ECSRAMRoleCredentialsProvider,
  KMSSecretCredentialsProvider,
  URICredentialsProvider,
  CLIProfileCredentialsProvider,
  ProfileCredentialsProvider,
  LegacyEnvironmentVariableCredentialsProvider,
  OSSEnvironmentVariableCredentialsProvider,
  OSSProfileCredentialsProvider,
  TerraformEnvironmentVariableCredentialsProvider,
  CloudSSOCredentialsProvider,
  OAuthCredentialsProvider,
  ExternalCredentialsProvider,
};
