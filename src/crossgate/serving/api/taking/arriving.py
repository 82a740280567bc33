"""Bodies as they come in: whoever stands still, or sends so slowly that it hardly moves, is told to go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from time import monotonic

from fastapi import Request

from crossgate.serving.api.errors import ApiError


@dataclass(frozen=True)
class Pace:
    """How slow a sender may be.

    Attributes:
        idle: seconds he may send nothing.
        rate: bytes a second he sends at least, on average, after the first `idle` seconds.
    """

    idle: float
    rate: float


async def arriving(request: Request, pace: Pace) -> AsyncIterator[bytes]:
    """The body, piece by piece. Only the time in which it is waited for counts, not that of writing it down.

    Raises ApiError (408) where the sender is slower than he may be.
    """
    waited, total = 0.0, 0
    stream = aiter(request.stream())
    while True:
        begun = monotonic()
        try:
            async with asyncio.timeout(min(pace.idle, pace.idle + total / pace.rate - waited)):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise _too_slow(pace) from None
        waited += monotonic() - begun
        total += len(chunk)
        yield chunk


def _too_slow(pace: Pace) -> ApiError:
    return ApiError(
        408,
        f"the body stood still for {pace.idle:g} s, or came with less than {pace.rate:,.0f} bytes a second; "
        "send it again over a better connection",
        headers={"Connection": "close"},  # what still comes of it is nothing to wait for
    )
