"""The base classes that other packages look for, if the package that has them is installed; else empty ones."""

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
