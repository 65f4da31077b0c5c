"""Our clients as the credential of SDKs that have a protocol of their own: a module for each, imported only when used.

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

Everything else, the SDKs on top of ``alibabacloud_tea_openapi`` that is, takes a :class:`aliyun_cred.client.Client` as
it is. Each request is signed with what the client has at that moment, and with one credential only: AccessKey ID,
secret and security token are read together.
"""
