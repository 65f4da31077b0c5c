'use strict';

// One class per source. All of them are a client under another name, made by a builder.

const native = require('../native.js');
const { Credential, Opened, notAProvider, open, openProvider, shared } = require('./credential.js');
const { ofKind } = require('./errors.js');
const { inspectCustom } = require('./models.js');

/** Under this name a class says what it is: its `source`, and which `setters` of its builder set which options. */
const about = Symbol('about');

/** Lets go of what a provider does in the background; it goes on as the options say. */
const replace = Symbol('replace');

/** What was said to a builder: option -> value. */
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

  // It holds secrets until it is used.
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

  /** `undefined` if what it gives has become somebody else's business: in a subclass, or replaced for a test. */
  [shared]() {
    return this.getCredentials === Provider.prototype.getCredentials ? this.#opened[shared]() : undefined;
  }

  [replace](options) {
    native.replace(this.#opened.client, open(this.constructor[about].source, options).client);
    this.#client.invalidate();
  }
}

/** What a role is assumed with, as a native client in any case. */
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
    // Without one, a configuration's AccessKey pair would assume the role; a builder takes none.
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

class URICredentialsProvider extends Provider {
  static [about] = { source: 'credential_uri', setters: { withCredentialsURI: 'credentialsURI', ...LIMITS } };
}

class CLIProfileCredentialsProvider extends Provider {
  static [about] = { source: 'cli_profile', setters: PROFILE };
}

class ProfileCredentialsProvider extends Provider {
  static [about] = { source: 'profile', setters: PROFILE };
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
  URICredentialsProvider,
  CLIProfileCredentialsProvider,
  ProfileCredentialsProvider,
  CloudSSOCredentialsProvider,
  OAuthCredentialsProvider,
  ExternalCredentialsProvider,
};
