"""The services' signatures, read anew from their documentation: what a recorded request says of who signed it."""

import base64
import hashlib
import hmac
import re
import urllib.parse


class Signed:
    """Who signed a request, with what token, and what the signature would be with a given secret."""

    def __init__(self, access_key_id, security_token, signature, expected):
        self.access_key_id = access_key_id
        self.security_token = security_token
        self._signature = signature
        self._expected = expected

    def assert_by(self, credential):
        """Fails unless AccessKey ID, secret and token are those of this one credential. Never shows a secret."""
        if self.access_key_id != credential.access_key_id:
            raise AssertionError(f"signed by {self.access_key_id}, not by {credential.access_key_id}")
        if self.security_token != credential.security_token:
            raise AssertionError("the token is not this credential's")
        if self._signature != self._expected(credential.access_key_secret):
            raise AssertionError("the signature was not made with this credential's secret")


def mac(algorithm, key, text):
    return hmac.new(key if isinstance(key, bytes) else key.encode(), text.encode(), algorithm).digest()


def sha1(secret, text):
    return base64.b64encode(mac("sha1", secret, text)).decode()


def derived(secret, *scope):
    """The key of the version 4 signatures: the secret, hashed with each part of the scope in turn."""
    key = "aliyun_v4" + secret
    for part in scope:
        key = mac("sha256", key, part)
    return key


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def lines(headers, *prefixes):
    """The signed headers, sorted, each with its line break."""
    chosen = {name: value.strip() for name, value in headers.items() if name.startswith(prefixes)}
    return "".join(f"{name}:{value}\n" for name, value in sorted(chosen.items()))


def in_order(query):
    """The query's parameters, sorted; one without a value has no equals sign either."""
    return "&".join(sorted(item.removesuffix("=") for item in query.split("&")))


def oss(request):
    """OSS, version 4 with an unsigned payload. The bucket is in the path or in the host."""
    headers = request.headers
    authorization = headers["authorization"]
    scope = re.search(r"Credential=([^,\s]+)", authorization)[1].split("/")
    path, _, query = request.path.partition("?")
    host = headers["host"]
    if not host.startswith("127."):
        path = f"/{host.partition('.')[0]}{path}"
    canonical = "\n".join(
        [
            request.method,
            path,
            in_order(query),
            lines(headers, "x-oss-", "content-type", "content-md5"),
            "",
            headers["x-oss-content-sha256"],
        ]
    )
    text = "\n".join(["OSS4-HMAC-SHA256", headers["x-oss-date"], "/".join(scope[1:]), sha256(canonical)])
    return Signed(
        scope[0],
        headers.get("x-oss-security-token"),
        re.search(r"Signature=(\w+)", authorization)[1],
        lambda secret: mac("sha256", derived(secret, *scope[1:]), text).hex(),
    )


def log(request):
    """Simple Log Service, version 4."""
    headers = request.headers
    scope = re.search(r"Credential=([^,]+)", headers["authorization"])[1].split("/")
    path, _, query = request.path.partition("?")
    prefixes = ("x-log-", "x-acs-", "content-type", "host")
    signed = {name: value for name, value in headers.items() if name.startswith(prefixes)}
    canonical = "\n".join(
        [
            request.method,
            path,
            in_order(query),
            lines(signed, ""),
            ";".join(sorted(signed)),
            headers["x-log-content-sha256"],
        ]
    )
    text = "\n".join(["SLS4-HMAC-SHA256", headers["x-log-date"], "/".join(scope[1:]), sha256(canonical)])
    return Signed(
        scope[0],
        headers.get("x-acs-security-token"),
        headers["authorization"].partition("Signature=")[2],
        lambda secret: mac("sha256", derived(secret, *scope[1:]), text).hex(),
    )


def log_1(request):
    """Simple Log Service, version 1 with SHA-256, as its gateway signs by default."""
    headers = request.headers
    access_key_id, signature = headers["authorization"].removeprefix("LOG ").split(":")
    parts = [request.method, headers.get("content-md5", ""), headers.get("content-type", ""), headers["date"]]
    text = "\n".join([*parts, lines(headers, "x-log-", "x-acs-") + urllib.parse.unquote(request.path)])
    return Signed(
        access_key_id,
        headers.get("x-acs-security-token"),
        signature,
        lambda secret: base64.b64encode(mac("sha256", secret, text)).decode(),
    )


def ots(request):
    """Tablestore, version 2."""
    headers = request.headers
    text = f"{request.path}\n{request.method}\n\n" + lines(
        {name: value for name, value in headers.items() if name != "x-ots-signature"}, "x-ots-"
    )
    return Signed(
        headers["x-ots-accesskeyid"],
        headers.get("x-ots-ststoken"),
        headers["x-ots-signature"],
        lambda secret: sha1(secret, text),
    )


def ots_answer(path, headers, secret):
    """What Tablestore signs its answers with."""
    return sha1(secret, lines(headers, "x-ots-") + path)


def odps(request):
    """MaxCompute, version 2. The resource is what follows the endpoint's own path."""
    headers = request.headers
    access_key_id, signature = headers["authorization"].removeprefix("ODPS ").split(":")
    path, _, query = request.path.partition("?")
    resource = urllib.parse.unquote(path.removeprefix("/api"))
    if query:
        resource += "?" + in_order(urllib.parse.unquote(query))
    parts = [request.method, headers.get("content-md5", ""), headers.get("content-type", ""), headers["date"]]
    text = "\n".join(parts) + "\n" + lines(headers, "x-odps-") + resource
    return Signed(access_key_id, headers.get("authorization-sts-token"), signature, lambda secret: sha1(secret, text))


def roa(request):
    """The ROA signature of Alibaba Cloud's older services, version 1."""
    headers = request.headers
    access_key_id, signature = headers["authorization"].removeprefix("acs ").split(":")
    names = ("accept", "content-md5", "content-type", "date")
    parts = [request.method, *(headers.get(name, "") for name in names)]
    path, _, query = request.path.partition("?")
    resource = path + ("?" + in_order(urllib.parse.unquote_plus(query)) if query else "")
    text = "\n".join(parts) + "\n" + lines(headers, "x-acs-") + resource
    return Signed(access_key_id, headers.get("x-acs-security-token"), signature, lambda secret: sha1(secret, text))


def pop(request):
    """The gateway of the newer services: version 4 with the headers that it lists."""
    headers = request.headers
    algorithm, fields = headers["authorization"].split(" ", 1)
    fields = dict(field.split("=", 1) for field in fields.split(","))
    scope = fields["Credential"].split("/")
    names = fields["SignedHeaders"].split(";")
    path, _, query = request.path.partition("?")
    canonical = "\n".join(
        [
            request.method,
            path,
            in_order(query),
            "".join(f"{name}:{headers[name].strip()}\n" for name in names),
            fields["SignedHeaders"],
            headers["x-acs-content-sha256"],
        ]
    )
    return Signed(
        scope[0],
        headers.get("x-acs-security-token"),
        fields["Signature"],
        lambda secret: mac("sha256", derived(secret, *scope[1:]), f"{algorithm}\n{sha256(canonical)}").hex(),
    )
