"""What staff do about suppliers."""

from __future__ import annotations

from datetime import timedelta

from bot.schedule import JOBS
from shop_core.jobs.runs import Plan, Run, list_wanted, note_run, plan_jobs
from shop_core.reconciliation.run import reconcile
from shop_core.supply.floats import read_floats
from shop_core.supply.offers import find_offers
from shop_core.supply.supplier import PurchaseRequest, Suppliers
from shop_core.supply.sync import read_list
from tests.screens.counter import at_the_counter
from tests.screens.person import Cast
from tests.screens.registry import journey
from tests.screens.shelves import (
    LISTED_AS,
    SOLD_AS,
    a_variant,
    following,
    list_goods,
    on_demand,
    others_buy,
    until_bought,
)
from tests.standins.suppliers.world import CARD

TELEGRAM = ("telegram",)


@journey(
    "offers",
    "接上两家供应商的货",
    "Goods of two suppliers are connected",
    channels=TELEGRAM,
    suppliers=("acg_faka", "kakayun"),
)
async def offers(cast: Cast) -> None:
    list_goods(cast)
    variant_id = await a_variant(cast)
    owner = await at_the_counter(cast)
    await owner.press("admin.button.suppliers")
    await owner.press("acg")
    await owner.press("admin.button.read_now")
    await owner.press("admin.button.offers")
    await owner.press(LISTED_AS)
    await owner.press("admin.button.connect")
    await owner.type(str(variant_id))
    await owner.press("admin.button.suppliers")
    await owner.press("kky")
    await owner.press("admin.button.read_now")
    await owner.press("admin.button.offers")
    await owner.press(LISTED_AS)
    await owner.press("admin.button.connect")
    await owner.type(f"{variant_id} --priority 2 --max-cost 11")
    await owner.type(f"/goods {variant_id}")
    await owner.press("admin.button.routes_of")


@journey(
    "markup",
    "定加价规则，跟价",
    "A rule of markup, and a price that follows",
    channels=TELEGRAM,
    suppliers=("acg_faka",),
)
async def markup(cast: Cast) -> None:
    variant_id = await on_demand(cast, "acg")
    owner = await at_the_counter(cast)
    await owner.type("/markups")
    await owner.press("admin.button.markup_new")
    await owner.press("acg")
    await owner.type("二十")
    await owner.type("20")
    await owner.press("admin.form.markup.no_plus")
    await owner.press("admin.ending.90")
    await owner.press("admin.markup.yes")
    await owner.type(f"/routes {variant_id}")
    await owner.press("admin.button.follow")
    await owner.press("admin.button.follow_at")
    await owner.type("/markup")
    await owner.type("芒果" if cast.language == "zh" else "mango")
    await owner.press("admin.form.markup.no_percent")
    await owner.type("5")
    await owner.press("admin.ending.any")
    await owner.press("admin.markup.yes")


@journey(
    "price-jump",
    "进价跳了：接受新价，保持旧价",
    "A cost leaps: the new price, then the old",
    channels=TELEGRAM,
    suppliers=("acg_faka",),
)
async def price_jump(cast: Cast) -> None:
    stage, site = cast.stage, cast.stage.sites["acg_faka"]
    await following(cast, "acg")
    owner = await at_the_counter(cast)
    cast.between("进价从 ¥9.90 涨到 ¥12.90", "The cost goes from ¥9.90 to ¥12.90")
    site.goods(CARD, price=1290)
    await read_list(stage.shop, "acg")
    await stage.quiet()
    await owner.look()
    customer = await cast.customer()
    await customer.come()
    await customer.press(SOLD_AS[cast.language])
    await owner.press("admin.button.price_accept")
    cast.between("进价又涨到 ¥19.90", "The cost goes up again, to ¥19.90")
    site.goods(CARD, price=1990)
    await read_list(stage.shop, "acg")
    await stage.quiet()
    await owner.look()
    await owner.press("admin.button.price_keep")


@journey(
    "floats",
    "预存款快用完：充值，记账",
    "A float runs dry: it is topped up and booked",
    channels=TELEGRAM,
    suppliers=("acg_faka", "kakayun"),
)
async def floats(cast: Cast) -> None:
    stage, site = cast.stage, cast.stage.sites["acg_faka"]
    variant_id = await on_demand(cast, "acg")
    site.set(balance=6_000)
    await stage.run(read_floats)
    await others_buy(cast, variant_id, 3)
    await until_bought(cast, ["done"])
    owner = await at_the_counter(cast)
    cast.between("一天过去，卖了 3 张", "A day passes, three were sold")
    stage.clock.advance(days=1)
    await stage.run(read_floats)
    await owner.look()
    await owner.press("admin.button.supplier")
    await owner.press("admin.button.suppliers")
    cast.between("店主去 acg 充了 ¥500.00", "The owner pays ¥500.00 to acg")
    site.set(balance=site.balance + 50_000)
    await owner.press("acg")
    await owner.press("admin.button.read_now")
    await owner.press("admin.button.book")


@journey("jobs", "看定时任务，马上跑一次", "The jobs, and one run now", channels=TELEGRAM)
async def jobs(cast: Cast) -> None:
    shop, clock = cast.stage.shop, cast.stage.clock
    await shop.write(
        plan_jobs,
        [Plan(job.name, timedelta(seconds=job.every_s), timedelta(seconds=job.late_s)) for job in JOBS],
    )
    for job in JOBS:
        # The numbers of a real run would be others each time.
        found = {"sync_offers": 3, "purge": 12}.get(job.name, 0)
        await shop.write(note_run, Run(job.name, clock.now(), clock.now(), 40, found, 0, None))
    owner = await at_the_counter(cast)
    await owner.type("/jobs")
    await owner.press(owner.say("admin.job.name.read_floats"))
    wanted = await shop.read(list_wanted)
    cast.between("轮到它跑：用了 640 毫秒", "Its turn comes: it takes 640 ms")
    ran = Run("read_floats", clock.now(), clock.now(), 640, 2, 0, wanted["read_floats"])
    await shop.write(note_run, ran)
    await cast.stage.quiet()
    await owner.look()
    await owner.press("admin.button.jobs")


@journey(
    "reconciliation",
    "和供应商对账：一处不符，记账，签认",
    "A supplier's day: a difference is booked, the day signed off",
    channels=TELEGRAM,
    suppliers=("reloadly",),
)
async def reconciliation(cast: Cast) -> None:
    stage = cast.stage
    variant_id = await on_demand(cast, "rld")
    await stage.run(read_floats)
    await others_buy(cast, variant_id, 2)
    await until_bought(cast, ["done"])
    cast.between(
        "有人用店里的账号在 rld 网站上另外买了一张",
        "Somebody buys one more on rld's own site, from the shop's account",
    )
    supplier = stage.shop.get(Suppliers).get("rld")
    [offer] = await stage.shop.read(find_offers, "rld", LISTED_AS, limit=1)
    await supplier.place(PurchaseRequest("P4RT8WZC", offer.ref, 1, callback_url=""))
    stage.clock.advance(days=1)
    owner = await at_the_counter(cast)
    await stage.run(reconcile)
    await owner.look()
    await owner.press("admin.button.home")
    await owner.press("admin.button.suppliers")
    await owner.press("admin.button.reconcile")
    await owner.press("rld")
    await owner.press("admin.reconcile.kind.theirs_only")
    await owner.press("admin.reconcile.way.write_off")
    await owner.press("admin.button.sign")
    await owner.press("admin.button.sign")
