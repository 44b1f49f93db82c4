"""Every journey through the shop, walked on each channel in each language, kept as transcripts and pictures."""
