"""WeCom's side of a customer service account (微信客服), as its documents have it; imports nothing of the product."""

from tests.standins.wecom.crypto import Cipher, signature
from tests.standins.wecom.standin import Account, Customer, Shown, WeComStandIn

__all__ = ["Account", "Cipher", "Customer", "Shown", "WeComStandIn", "signature"]
