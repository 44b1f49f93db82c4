"""福禄 (Fulu): the open platform of a wholesaler of virtual goods. Others speak the same protocol, 星权益 among them.

Source: no document in reach; five independent clients agree about what stands here, and the platform's public demonstration
of cards was reproduced. Read in 2026-11.
"""
