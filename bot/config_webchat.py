"""What the config says of a chat in the browser."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, PlainValidator, ValidationInfo

from bot.channels.webchat.theme import LARGEST_LOGO, Logo, Theme, logo_of
from bot.config_report import show
from bot.config_section import Section
from bot.config_values import BaseAddress, InstanceName, SessionSecret, find_file, wrong

_SITE: Final = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::[0-9]+)?")
_COLOR: Final = r"^#[0-9a-fA-F]{6}$"


def _check_site(address: str) -> str:
    """It becomes a word of a header, where other characters would end it."""
    if not _SITE.fullmatch(address.lower()):
        raise wrong(show(address), "https://HOST, without a path: a site may show the chat on all its pages")
    return address.lower()


def _read_logo(value: object, info: ValidationInfo) -> Logo:
    if isinstance(value, Logo):
        return value
    content = find_file(value, info).read_bytes()
    if len(content) > LARGEST_LOGO:
        raise wrong(f"a file of {len(content) // 1024} KB", f"a picture of {LARGEST_LOGO // 1024} KB at most")
    logo = logo_of(content)
    if logo is None:
        raise wrong("a file of another kind", "a picture: PNG, JPEG, WebP or SVG")
    return logo


Site = Annotated[BaseAddress, AfterValidator(_check_site)]
Color = Annotated[str, Field(pattern=_COLOR), AfterValidator(str.lower)]


class ThemeConfig(Section):
    """The owner's own face."""

    name: str | None = Field(None, min_length=1, max_length=40, description="a name of 1 to 40 characters")
    color: Color | None = Field(None, description='a colour, in quotes: "#0d7264"')
    color_dark: Color | None = Field(None, description='a colour, in quotes: "#5ecbb5"')
    logo: Annotated[Logo, PlainValidator(_read_logo)] | None = Field(
        None, description="the name of a picture file; a relative path starts at the config's folder"
    )

    def theme(self) -> Theme:
        """As the page has it."""
        return Theme(self.color, self.color_dark, self.logo)


class WebchatConfig(Section):
    """One chat in the browser, served at ``/chat``."""

    kind: Literal["webchat"] = Field(description='"telegram", "webchat", "wechat" or "wecom"')
    session_secret: SessionSecret = Field(
        description="what signs the browsers' cookies, as env:NAME or file:PATH"
    )
    gateways: tuple[InstanceName, ...] = Field((), description="a list of names of [gateways.*]")
    sites: tuple[Site, ...] = Field((), description='a list of sites: "https://www.example.com"')
    theme: ThemeConfig | None = Field(None, description="a table [channels.NAME.theme]")
