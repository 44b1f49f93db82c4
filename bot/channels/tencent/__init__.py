"""What WeChat and WeCom share: signatures and encryption, access tokens, calls and their breaker, screens with numbers."""
