"""卡速售 (kasushou): a system that many Chinese wholesalers of cards and top-ups run.

Source: its document of API v2 (``doc.kasushou.com/api/v2api``), read in a full copy in 2026-11.
"""
