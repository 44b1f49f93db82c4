"""Goods come in here: one folder for each upstream protocol, with the same files in each.

``settings.py``   one account, checked when the shop starts
``signing.py``    what proves who is who; pure functions over texts and bytes
``translate.py``  their words and ours; pure functions
``adapter.py``    ``shop_core.supply.supplier.Supplier`` over HTTP

``declarative`` is one adapter for many protocols: each is a file in its folder ``protocols``, or one of the owner's.

The modules beside the folders are what all of them share.
"""
