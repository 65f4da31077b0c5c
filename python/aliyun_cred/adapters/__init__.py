"""Adapters that let other SDKs sign with a client of this package: one module for each SDK, imported only when used.

=================  ====================================  ===================================================
module             packages on PyPI                      what it has
=================  ====================================  ===================================================
``oss2``           ``oss2``                              ``CredentialsProvider``
``oss_v2``         ``alibabacloud_oss_v2``               ``CredentialsProvider``
``oss_v2_aio``     ``alibabacloud_oss_v2``, ``aiohttp``  ``AsyncClient``, which never blocks the event loop
``log``            ``aliyun-log-python-sdk``             ``CredentialsProvider``
``tablestore``     ``tablestore``                        ``CredentialsProvider``, and ``AsyncOTSClient``
``odps``           ``pyodps``                            ``Account``
``aliyunsdkcore``  ``aliyun-python-sdk-core``            ``AcsClient``
=================  ====================================  ===================================================

SDKs built on ``alibabacloud_tea_openapi`` need no adapter: they take a :class:`aliyun_cred.client.Client` directly.
Each request is signed with the client's current credential, and with one credential only: AccessKey ID, secret and
security token are read together.

``aliyunsdkcore.AcsClient`` and ``oss_v2_aio.AsyncClient`` learn what a service has answered: after
``InvalidAccessKeyId`` they drop the credential and try once more. With the others, and with
``alibabacloud_tea_openapi``, that is for the program to do: ``client.invalidate()``, and call again.
"""
