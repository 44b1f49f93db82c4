"""WeChat's side of an official account, as its documents have it; imports nothing of the product."""

from tests.standins.wechat.crypto import Cipher, signature
from tests.standins.wechat.standin import Account, Follower, Push, WeChatStandIn

__all__ = ["Account", "Cipher", "Follower", "Push", "WeChatStandIn", "signature"]
