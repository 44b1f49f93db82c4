"""MD5 over the sorted form, with the key behind it. The key itself is in every request, too.

Source: ``app/Util/Str.php`` (``generateSignature``) of acg-faka 3.6.0.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from urllib.parse import unquote_plus, urlencode

from shop_core.kernel.secret import Secret

Form = Mapping[str, str | Mapping[str, str]]


def signed_text(form: Form, secret: Secret) -> str:
    """What is signed: PHP's query of what is not empty, sorted by the outer names only, and the key, decoded as a whole."""
    pairs: list[tuple[str, str]] = []
    for name in sorted(form.keys() - {"sign"}):
        value = form[name]
        if isinstance(value, str):
            pairs += [(name, value)] if value else []
        else:
            pairs += [(f"{name}[{inner}]", text) for inner, text in value.items()]
    return unquote_plus(f"{urlencode(pairs)}&key={secret.reveal()}")


def sign(form: Form, secret: Secret) -> str:
    """The signature of a form, in lower hex."""
    # Chosen by the protocol.
    return hashlib.md5(signed_text(form, secret).encode(), usedforsecurity=False).hexdigest()


def signed(form: Mapping[str, str], app_id: str, secret: Secret) -> dict[str, str]:
    """A form with all that proves who sends it."""
    whole = {**form, "app_id": app_id, "app_key": secret.reveal()}
    return {**whole, "sign": sign(whole, secret)}
