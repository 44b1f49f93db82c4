"""A WeChat official account: answers inside the request, numbers instead of buttons, few messages of our own."""
