"""What is remembered for a page whose line was lost, and for how long."""

from typing import cast

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from bot.channels.webchat.hub import _MISSED_DEVICES, _MISSED_FRAMES, KEEP_MISSED_S, Connection, Hub


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
    time.now_s += KEEP_MISSED_S - 1
    await hub.show("a", ["two"])
    time.now_s += KEEP_MISSED_S - 1
    assert hub.join(a_page()) == ("one", "two")
    assert hub.join(a_page()) == (), "shown once"


async def test_an_answer_is_forgotten_after_a_while() -> None:
    time = Stopwatch()
    hub = Hub(monotonic=time)
    await hub.show("a", ["one"])
    time.now_s += KEEP_MISSED_S + 1
    assert hub.join(a_page()) == ()


async def test_what_one_page_took_is_not_kept_for_another() -> None:
    hub, line = Hub(), Line()
    hub.join(a_page(line=Line(is_gone=True)))
    hub.join(a_page(line=line))
    await hub.show("a", ["one"])
    assert line.heard == ["one"]
    assert hub.join(a_page()) == ()


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
    for number in range(_MISSED_DEVICES + 5):
        await hub.show(f"d{number}", [str(frame) for frame in range(_MISSED_FRAMES + 5)])
    assert hub.join(a_page("d4")) == ()
    assert len(hub.join(a_page("d5"))) == _MISSED_FRAMES
    time.now_s += KEEP_MISSED_S + 1
    await hub.show("late", ["one"])
    assert list(hub._missed) == ["late"]
