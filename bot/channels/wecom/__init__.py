"""微信客服: customers write from their WeChat, the shop answers through WeCom; an account there is a channel here."""
