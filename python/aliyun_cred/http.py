"""Options for the HTTP requests of one source."""


class HttpOptions:
    """The proxy and the time limits of one source's requests. ``None`` means the source's default."""

    def __init__(
        self,
        *,
        proxy: "str | None" = None,
        connect_timeout: "int | None" = None,
        read_timeout: "int | None" = None,
    ) -> None:
        self.proxy = proxy
        """The proxy, such as ``http://127.0.0.1:8080``; default: that of the environment."""
        self.connect_timeout = connect_timeout
        """The limit for a connection, in milliseconds; 0 or ``None``: the source's default."""
        self.read_timeout = read_timeout
        """The limit of one request once connected, in milliseconds; 0 or ``None``: the source's default."""

    def __repr__(self) -> str:
        # A proxy URL may hold a password.
        proxy = None if self.proxy is None else "***"
        limits = f"connect_timeout={self.connect_timeout!r}, read_timeout={self.read_timeout!r}"
        return f"{type(self).__name__}(proxy={proxy}, {limits})"
