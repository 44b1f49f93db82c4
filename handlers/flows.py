"""Where each link leads: one table, endpoint by endpoint."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from handlers import (
    account,
    account_asked,
    browse,
    buying,
    contacts,
    erasing,
    guest,
    joining,
    notices,
    order_screen,
    pairing,
    parting,
    product,
    settings,
    support,
    verifying,
)
from handlers.screen import Screen

Flow = Callable[..., Awaitable[Screen]]

FLOWS: Final[Mapping[str, Flow]] = {
    "home": browse.home,
    "category": browse.category,
    "category_page": browse.category,
    "all": browse.all_products,
    "product": product.product,
    "variant": product.variant,
    "tell_me": product.tell_me,
    "tell_me_not": product.tell_me_not,
    "ask_quantity": buying.ask_quantity,
    "typed_quantity": buying.typed_quantity,
    "buy": buying.buy,
    "ask_input": account_asked.ask_input,
    "typed_input": account_asked.typed_input,
    "pick_input": account_asked.pick_input,
    "skip_input": account_asked.skip_input,
    "sure": account_asked.sure,
    "ask_search": browse.ask_search,
    "search": browse.search,
    "search_page": browse.search,
    "orders": account.orders,
    "orders_page": account.orders,
    "order": order_screen.show_order,
    "ways": order_screen.show_ways,
    "pay": buying.pay,
    "rest": buying.pay_rest,
    "wallet": buying.pay_wallet,
    "paid": buying.i_have_paid,
    "cancel": buying.cancel,
    "code": buying.code,
    "pick_up": buying.pick_up,
    "ask_password": guest.ask_password,
    "set_password": guest.set_password,
    "ask_recovery": guest.ask_recovery,
    "recover": guest.recover,
    "balance": account.balance,
    "pairing": pairing.pairing,
    "pairing_code": pairing.pairing_code,
    "ask_pairing": pairing.pairing,
    "typed_pairing": pairing.typed_pairing,
    "see_pairing": pairing.see_pairing,
    "accept_pairing": pairing.accept_pairing,
    "confirm_pairing": pairing.confirm_pairing,
    "decline_pairing": pairing.decline_pairing,
    "choose_part": parting.choose_part,
    "ask_part": parting.ask_part,
    "part": parting.part,
    "language": account.language,
    "verify": verifying.verify,
    "typed_contact": verifying.typed_contact,
    "ask_code": verifying.ask_code,
    "verify_again": verifying.send_another,
    "contacts": contacts.contacts,
    "ask_remove_contact": contacts.ask_remove,
    "remove_contact": contacts.remove,
    "settings": settings.settings,
    "ask_zone": settings.ask_zone,
    "ask_quiet": settings.ask_quiet,
    "notices": notices.notices,
    "set_notice": notices.set_notice,
    "set_everything": notices.set_everything,
    "my_data": settings.my_data,
    "my_file": settings.my_file,
    "ask_erase": erasing.ask_erase,
    "erase": erasing.erase,
    "help": account.help_screen,
    "invitation": joining.invitation,
    "join": joining.join,
    "support": support.support,
    "support_order": support.support,
    "support_file": support.support_file,
    "paysupport": account.paysupport,
}
"""Endpoint → flow; a flow takes the visit and the link's values."""

CHANGES: Final[Mapping[str, Callable[..., Awaitable[None]]]] = {
    "set_language": account.set_language,
    "set_zone": settings.set_zone,
    "set_quiet": settings.set_quiet,
    "no_quiet": settings.no_quiet,
}
"""Endpoints after which he is spoken to otherwise."""

PROOFS: Final[Mapping[str, Callable[..., Awaitable[Screen | verifying.Verified]]]] = {
    "typed_code": verifying.typed_code,
}
"""Endpoints after which he goes on to where he wanted to go."""
