"""WeChat Pay APIv3 (微信支付): paid by scanning (Native), or inside WeChat's own browser (JSAPI)."""
