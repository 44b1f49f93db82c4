"""Running work on the database from the shell."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import click
from sqlalchemy.exc import SQLAlchemyError

T = TypeVar("T")


def reach(work: Coroutine[Any, Any, T]) -> T:
    """Run work on the database; trouble with the server or the file is the operator's to mend, not a bug.

    Raises:
        click.ClickException: With the reason in one line. It names neither password nor parameters.
    """
    try:
        return asyncio.run(work)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or type(error).__name__)
    except OSError as error:
        reason = error.strerror or str(error)
    first_line = reason.strip().splitlines()[0] if reason.strip() else "no reason given"
    raise click.ClickException(
        f"the database cannot be used: {first_line}; is [database] url right, is it running?"
    )
