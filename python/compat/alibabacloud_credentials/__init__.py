"""Another name of ``aliyun_cred``: importing this package returns that one."""

from aliyun_cred._alias import install

install()
