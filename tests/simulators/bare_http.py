"""HTTP over a bare socket: exactly the request that is wanted, the raw answer."""

import asyncio
from urllib.parse import urlsplit

from multidict import CIMultiDict


async def send(
    url: str, method: str, target: str, headers: CIMultiDict[str], body: str = ""
) -> tuple[int, CIMultiDict[str], bytes]:
    """Send a request to a server that closes the connection afterwards.

    Host and Content-Length are added to the headers. Return status, headers, body.
    """
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    headers["Host"] = parts.netloc
    headers["Content-Length"] = str(len(body))
    lines = [f"{method} {target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    writer.write("\r\n".join([*lines, "", body]).encode())
    head, _, answer = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    first, *rest = head.decode().split("\r\n")
    got: CIMultiDict[str] = CIMultiDict()
    for line in rest:
        name, _, value = line.partition(": ")
        got.add(name, value)
    return int(first.split()[1]), got, answer
