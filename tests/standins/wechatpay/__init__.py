"""WeChat Pay, as its documents describe it; imports nothing of ours."""

from tests.standins.wechatpay.keys import Merchant, a_merchant
from tests.standins.wechatpay.standin import WeChatPayStandIn

__all__ = ["Merchant", "WeChatPayStandIn", "a_merchant"]
