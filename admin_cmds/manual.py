"""How commands are written: the list of all, and the line that answers a slip."""

from __future__ import annotations

from admin_cmds.command import Command, Desk, TooLong
from admin_cmds.links import LONGEST_STORED, link_to
from handlers.screen import Line, Prompt, Screen, Style
from handlers.words import Phrases

CHAT_SIGN = "/"
SHELL_SIGN = "kapu admin "


def usage_text(say: Phrases, command: Command, *, sign: str) -> str:
    """How a command is written, with an example, in one line."""
    file = say("admin.usage.file") if command.takes_file and sign == SHELL_SIGN else ""
    example_file = " codes.txt" if command.takes_file and sign == SHELL_SIGN else ""
    return say(
        "admin.usage",
        usage=f"{sign}{say(f'admin.usage.{command.word}')}{file}",
        example=f"{sign}{command.example}{example_file}",
    )


def about_text(say: Phrases, command: Command) -> str:
    """What a command does, in a few words."""
    return say(f"admin.about.{command.word}")


def missing_text(say: Phrases, command: Command, words: tuple[str, ...]) -> str:
    """What a command lacks after these words, in the words of its usage: what an empty line asks for."""
    needed = say(f"admin.usage.{command.word}").partition(" [")[0].split()
    lacking = " ".join(needed[len(words) :]).replace("-", " ").lower()
    return lacking.strip("<>") or say("admin.ask_for.placeholder")


def manual_screen(desk: Desk, commands: tuple[Command, ...]) -> Screen:
    """All commands, one a line."""
    sign = SHELL_SIGN if desk.is_shell else CHAT_SIGN
    lines = [Line(desk.say("admin.help.title"), Style.TITLE)]
    lines += [
        Line(f"{sign}{desk.say(f'admin.usage.{command.word}')}  {about_text(desk.say, command)}")
        for command in commands
    ]
    return Screen(tuple(lines), ((desk.home_button(),),))


def ask_rest(desk: Desk, command: Command, words: tuple[str, ...]) -> Screen:
    """A command that lacks something: ask for it, and read the answer as its last words.

    Raises:
        TooLong: What was said so far does not fit where it has to wait.
    """
    asked = link_to(*words)
    if len(asked) > LONGEST_STORED:
        raise TooLong
    own = f"admin.ask_for.{command.word}"
    question = desk.say(own if desk.say.has(own) else "admin.ask_for")
    usage = usage_text(desk.say, command, sign=CHAT_SIGN)
    lines = (Line(question, Style.TITLE), Line(usage, Style.MUTED))
    return Screen(
        lines, ((desk.home_button(),),), prompt=Prompt(asked, missing_text(desk.say, command, words))
    )
