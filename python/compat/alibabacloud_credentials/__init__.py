"""Nothing but another name of ``aliyun_cred``, which whoever imports this gets."""

from aliyun_cred._alias import install

install()
