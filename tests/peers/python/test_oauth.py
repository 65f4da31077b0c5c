"""OAuth with a service that takes each refresh token once: what the callbacks are told is enough to go on with."""

import asyncio
import time

import pytest
from aliyun_cred.provider import OAuthCredentialsProvider

from support import ACCESS_TOKEN, REFRESH_TOKEN

APP = "app"
SITE = "https://oauth.aliyun.com"


class Keeper:
    """Keeps what it is told, as a program does that writes it to a file."""

    def __init__(self):
        self.calls = []
        self.held = {"refresh_token": REFRESH_TOKEN, "access_token": ACCESS_TOKEN}

    def tell(self, refresh_token, access_token, access_key_id, access_key_secret, security_token, *ends):
        access_token_expire, sts_expiration = ends
        self.calls.append(access_key_id)
        self.held = {
            "refresh_token": refresh_token,
            "access_token": access_token,
            "access_token_expire": access_token_expire,
            "access_key_id": access_key_id,
            "access_key_secret": access_key_secret,
            "security_token": security_token,
            "sts_expiration": sts_expiration,
        }

    async def tell_async(self, *what):
        await asyncio.sleep(0)
        self.tell(*what)


@pytest.fixture
def oauth(emulator):
    """The service's state; `reset()` may say more."""
    state = {"client_ids": [APP], "refresh_token": REFRESH_TOKEN, "access_token": ACCESS_TOKEN}
    emulator.reset(access_keys=[], oauth={**state, "strict": True})
    return emulator


def make(keeper, **held):
    return OAuthCredentialsProvider(
        client_id=APP,
        sign_in_url=SITE,
        token_update_callback=keeper.tell,
        token_update_callback_async=keeper.tell_async,
        **{**keeper.held, **held},
    )


def resolve(provider, how):
    if how == "sync":
        return provider.get_credentials()
    return asyncio.run(provider.get_credentials_async())


@pytest.mark.parametrize("how", ["sync", "async"])
def test_what_is_told_goes_on_in_the_next_process(oauth, how):
    keeper = Keeper()
    for generation in range(1, 5):
        credential = resolve(make(keeper), how)
        assert credential.get_provider_name() == "oauth"
        held = keeper.held
        assert keeper.calls[-1] == held["access_key_id"] == credential.get_access_key_id()
        assert held["access_key_secret"] == credential.get_access_key_secret()
        assert held["security_token"] == credential.get_security_token()
        assert held["sts_expiration"] == credential.get_expiration()
        assert abs(held["access_token_expire"] - time.time() - 3600) < 60
        # The tokens are rotated, and the old ones are refused from now on.
        told = len(keeper.calls)
        # What is still good is taken as it is, and nobody is told.
        assert resolve(make(keeper), how).get_access_key_id() == credential.get_access_key_id()
        assert len(keeper.calls) == told
        counts = oauth.state()["oauth"]
        assert (counts["refreshes"], counts["refused"]) == (generation, 0)
        # As good as over: the access token is refreshed, and exchanged.
        keeper.held = {**held, "access_token_expire": int(time.time()) + 1200, "sts_expiration": int(time.time())}


def test_each_rotation_of_one_provider_is_told(oauth):
    keeper = Keeper()
    provider = make(keeper)
    for generation in range(1, 4):
        assert provider.get_credentials().get_access_key_id() == keeper.calls[-1]
        # The access token still lives, and so only the exchange is done again.
        assert oauth.state()["oauth"]["refreshes"] == 1
        assert len(set(keeper.calls) - {None}) == generation
        provider.invalidate()


def test_a_refresh_token_that_was_used_is_refused(oauth):
    keeper = Keeper()
    first = keeper.held
    make(keeper).get_credentials()
    with pytest.raises(Exception, match="invalid_grant|log in") as caught:
        make(
            keeper, **{**first, "access_key_id": None, "sts_expiration": None, "access_token_expire": 0}
        ).get_credentials()
    assert caught.value.kind == "login_required"
    assert "canary" not in str(caught.value)
