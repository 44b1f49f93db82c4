"""Somebody's own site: one page, on another host name of this machine than the shop's, so another site to a browser."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

HOST = "localhost"


@dataclass
class Site:
    """A page, the same under every path. ``html`` may be changed while it is served."""

    port: int
    html: str = ""

    @property
    def origin(self) -> str:
        return f"http://{HOST}:{self.port}"


@asynccontextmanager
async def a_site() -> AsyncIterator[Site]:
    """Served while the block runs."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = site.html.encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        writer.write(head.encode() + b"Connection: close\r\n\r\n" + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    site = Site(server.sockets[0].getsockname()[1])
    async with server:
        yield site


def page_with(script: str) -> str:
    """A page that has one line more than it had."""
    return f"""<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>我的博客</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body {{ font: 16px/1.7 Georgia, serif; max-width: 40em; margin: 3em auto; padding: 0 1em; }}
button, div, iframe {{ border: 5px dashed red !important; transform: rotate(3deg); }}</style>
<script src="{script}" async></script></head>
<body><h1>我的博客</h1>{"<p>今天天气不错，适合写点东西。</p>" * 12}<a href="/next">下一篇</a></body></html>"""
