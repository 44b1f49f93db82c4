"""The WeChat stand-in proves itself by the examples that WeChat published."""

from __future__ import annotations

from tests.standins.wechat import Cipher, signature

SEALED = (
    "hyzAe4OzmOMbd6TvGdIOO6uBmdJoD0Fk53REIHvxYtJlE2B655HuD0m8KUePWB3+LrPXo87wzQ1QLvbeUgmBM4x6F8PGHQHFVAFmOD2LdJF9FrXpbUAh0B5"
    "GIItb52sn896wVsMSHGuPE328HnRGBcrS7C41IzDWyWNlZkyyXwon8T332jisa+h6tEDYsVticbSnyU8dKOIbgU6ux5VTjg3yt+WGzjlpKn6NPhRjpA912xMe"
    "zR4kw6KWwMrCVKSVCZciVGCgavjIQ6X8tCOp3yZbGpy0VxpAe+77TszTfRd5RJSVO/HTnifJpXgCSUdUue1v6h0EIBYYI1BD1DlD+C0CR8e6OewpusjZ4uBl9"
    "FyJvnhvQl+q5rv1ixrcpCumEPo5MJSgM9ehVsNPfUM669WuMyVWQLCzpu9GhglF2PE="
)
"""From WeChat's own demo of its message encryption, with the signature below."""


def test_the_signature_is_that_of_the_document() -> None:
    assert signature("AAAAA", "1714037059", "486452656") == "899cf89e464efb63f54ddac96b0a0a235f53aa78"


def test_the_cipher_is_that_of_wechats_demo() -> None:
    signed = signature("spamtest", "1409735669", "1320562132", SEALED)
    assert signed == "5d197aaffba7e9b25a30732f161a50dee96bd5fa"
    cipher = Cipher("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "wx2c2769f8efd9abc2")
    opened = cipher.decrypt(SEALED)
    assert "<Content><![CDATA[abcdteT]]></Content>" in opened
    assert "<MsgId>6054768590064713728</MsgId>" in opened
    assert cipher.decrypt(cipher.encrypt(opened)) == opened
