"""Which addresses may be asked, for pictures and by those who notify: hosts that are named, and no other machine."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Sequence

import httpx2
from msgspec import Struct

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
#: Returns the addresses of a host name. Raises OSError.
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

_PORTS = {"https": 443, "http": 80}
#: IPv6 addresses that stand for an IPv4 address behind a translator (RFC 6052).
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


_HOST = re.compile(r"[A-Za-z0-9_.-]+|[0-9A-Fa-f:.]+")


class NotAllowedError(Exception):
    """An address may not be fetched from. ``reason``: a word for the record; it never holds the address."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class AllowedHost(Struct, frozen=True):
    """One entry of the list: scheme, host in lower case, port."""

    scheme: str
    host: str
    port: int


def read_host(text: str) -> AllowedHost:
    """Return an entry written as host, host:port or http://host[:port]. Raises ValueError with what is wrong.

    Without a scheme it is https.
    """
    whole = text.strip() if "://" in text else f"https://{text.strip()}"
    try:
        url = httpx2.URL(whole)
    except httpx2.InvalidURL as error:
        raise ValueError(f"{text} is no host; write it as images.example or images.example:8443") from error
    is_name = bool(_HOST.fullmatch(url.raw_host.decode()))
    if url.scheme not in _PORTS or not is_name or url.userinfo or url.path not in ("", "/") or url.query:
        raise ValueError(f"{text} is no host; write it as images.example, images.example:8443 or http://camera.lan")
    return AllowedHost(url.scheme, url.raw_host.decode().lower(), url.port or _PORTS[url.scheme])


class Target(Struct, frozen=True):
    """What may be asked: an address as given, and the machine that was looked up and found allowed."""

    url: httpx2.URL
    host: str
    address: str

    def request(
        self, client: httpx2.AsyncClient, method: str, headers: dict[str, str], content: bytes | None = None
    ) -> httpx2.Request:
        """Return a request that goes to the machine that was looked up; certificate and Host header by the name."""
        is_v6 = ipaddress.ip_address(self.address.partition("%")[0]).version == 6
        url = self.url.copy_with(host=f"[{self.address}]" if is_v6 else self.address)
        return client.build_request(
            method,
            url,
            headers={"host": self.url.netloc.decode(), **headers},
            content=content,
            extensions={"sni_hostname": self.host},
        )


class AllowedAddresses:
    """The hosts, and the networks inside that they may be in."""

    def __init__(self, hosts: Sequence[str], networks: Sequence[str] = (), resolve: Resolve | None = None) -> None:
        self._hosts = frozenset(map(read_host, hosts))
        self._networks: tuple[IpNetwork, ...] = tuple(ipaddress.ip_network(one) for one in networks)
        self._resolve = resolve or _look_up

    async def target(self, ref: str) -> Target:
        """Return where to fetch a picture. Raises NotAllowedError, or OSError when the name cannot be looked up.

        The address looked up is what must be connected to: asked again, a name may say something else.
        """
        try:
            url = httpx2.URL(ref)
        except (httpx2.InvalidURL, ValueError, TypeError):
            raise NotAllowedError("not_an_address") from None
        if url.scheme not in _PORTS or not url.host or url.userinfo:
            raise NotAllowedError("not_an_address")
        host = url.raw_host.decode().lower()
        port = url.port or _PORTS[url.scheme]
        if AllowedHost(url.scheme, host, port) not in self._hosts:
            raise NotAllowedError("host_not_allowed")
        found = await self._resolve(host.strip("[]"), port)
        # All of them must be allowed: whoever mixes inside and outside under one name is up to something.
        if not found or not all(self._may_connect(one) for one in found):
            raise NotAllowedError("private_address")
        return Target(url, host, found[0])

    def _may_connect(self, text: str) -> bool:
        try:
            address = _plain(ipaddress.ip_address(text.partition("%")[0]))
        except ValueError:
            return False
        if any(address.version == network.version and address in network for network in self._networks):
            return True
        return address.is_global and not address.is_multicast


def _plain(address: IpAddress) -> IpAddress:
    """Return the IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.sixtofour is not None:
            return address.sixtofour
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if address.teredo is not None:
            return address.teredo[1]
    return address


async def _look_up(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]
