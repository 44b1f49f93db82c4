"""What is remembered for a page whose line was lost, and for how long."""

from typing import cast

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from bot.channels.webchat.hub import _KEPT_DEVICES, _KEPT_FRAMES, KEEP_ANSWERS_S, Connection, Hub


class Line:
    """A page's socket that takes frames, or has gone without a word."""

    application_state = WebSocketState.CONNECTED

    def __init__(self, *, is_gone: bool = False) -> None:
        self.heard: list[str] = []
        self._is_gone = is_gone

    async def send_text(self, frame: str) -> None:
        if self._is_gone:
            raise WebSocketDisconnect(1006)
        self.heard.append(frame)


class Stopwatch:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def a_page(device: str = "a", line: Line | None = None) -> Connection:
    return Connection(cast("WebSocket", line or Line()), device)


async def test_an_answer_that_reaches_no_page_waits_a_little_for_its_return() -> None:
    time = Stopwatch()
    hub = Hub(monotonic=time)
    hub.join(a_page(line=Line(is_gone=True)))
    await hub.show("a", ["one"])
    time.now_s += KEEP_ANSWERS_S - 1
    await hub.show("a", ["two"])
    time.now_s += KEEP_ANSWERS_S - 1
    assert hub.rejoin(a_page()) == ("one", "two")
    assert hub.rejoin(a_page()) == ("one", "two"), "the line may have been lost once more"


async def test_an_answer_is_forgotten_after_a_while() -> None:
    time = Stopwatch()
    hub = Hub(monotonic=time)
    await hub.show("a", ["one"])
    time.now_s += KEEP_ANSWERS_S + 1
    assert hub.rejoin(a_page()) == ()


async def test_an_answer_that_a_dying_line_took_is_given_again_to_the_page_that_comes_back() -> None:
    hub, line = Hub(), Line()
    hub.join(a_page(line=line))
    await hub.show("a", ["one"])
    assert line.heard == ["one"]
    assert hub.rejoin(a_page()) == ("one",)


async def test_a_fresh_page_leaves_earlier_answers_behind() -> None:
    hub = Hub()
    await hub.show("a", ["one"])
    hub.join(a_page())
    assert hub.rejoin(a_page()) == ()


async def test_a_page_that_left_is_sent_nothing_more() -> None:
    hub, line = Hub(), Line()
    page = a_page(line=line)
    hub.join(page)
    hub.leave(page)
    await hub.show("a", ["one"])
    assert line.heard == []


async def test_memory_for_lost_lines_is_bounded() -> None:
    time = Stopwatch()
    hub = Hub(monotonic=time)
    for number in range(_KEPT_DEVICES + 5):
        await hub.show(f"d{number}", [str(frame) for frame in range(_KEPT_FRAMES + 5)])
    assert hub.rejoin(a_page("d4")) == ()
    assert len(hub.rejoin(a_page("d5"))) == _KEPT_FRAMES
    time.now_s += KEEP_ANSWERS_S + 1
    await hub.show("late", ["one"])
    assert list(hub._kept) == ["late"]
