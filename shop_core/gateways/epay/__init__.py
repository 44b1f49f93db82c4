"""易支付 (epay) V1: the protocol of many small Chinese payment sites."""
