"""The interfaces of the package ``alibabacloud_credentials_api`` if it is installed, else empty stand-ins.

Other packages check for them with ``isinstance``.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:

    class ICredentials: ...

    class ICredentialsProvider: ...

else:
    try:
        from alibabacloud_credentials_api import ICredentials, ICredentialsProvider
    except ImportError:

        class ICredentials:
            pass

        class ICredentialsProvider:
            pass
