"""The sandbox cashier: a whole 易支付 epay V1 vendor over real HTTP, for demos and tests; no money moves."""
