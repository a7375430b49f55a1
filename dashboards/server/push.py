"""/api/push: on which of their devices people are told when no page of ours is open."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, StringConstraints
from starlette.exceptions import HTTPException

from dashboards.server.access.gate import session_of
from dashboards.server.access.session import MACHINE_ACCOUNT
from dashboards.server.errors import Problem
from dashboards.server.push_ports import PushAddress, PushDevices, PushRefusedError

_Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,200}=*$", max_length=204)]

_Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=r"^[^\x00-\x1f]*$")
]


class Keys(BaseModel):
    """The browser's key and secret, base64url (Push API §3.7)."""

    model_config = ConfigDict(extra="forbid")

    p256dh: _Key
    auth: _Key


class Subscription(BaseModel):
    """What a browser gives, and what its person calls the device."""

    model_config = ConfigDict(extra="forbid")

    endpoint: Annotated[str, StringConstraints(min_length=1, max_length=1024)]
    keys: Keys
    name: _Name


class Removed(BaseModel):
    """The device that is told nothing more."""

    model_config = ConfigDict(extra="forbid")

    device: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class OwnDevice(BaseModel):
    """One device. ``device``: its id, the first 32 hexadecimal digits of the SHA-256 of its address."""

    device: str
    name: str
    made_at: float


class PushStanding(BaseModel):
    """``key``: of whom browsers are to take messages (applicationServerKey); "": nobody is told on devices here."""

    key: str
    devices: list[OwnDevice]


def push_router(devices: PushDevices | None) -> APIRouter:
    """Return the routes. ``devices``: None where nobody is told on devices."""
    router = APIRouter()

    async def standing(account: str) -> PushStanding:
        if devices is None or not account:
            return PushStanding(key="", devices=[])
        found = [OwnDevice(device=one.device, name=one.name, made_at=one.made_at) for one in await devices.of(account)]
        return PushStanding(key=await devices.key(), devices=found)

    @router.get("/api/push", responses={503: {"model": Problem}})
    async def own(request: Request) -> PushStanding:
        """Tell which devices of whoever asks are told, never where they are."""
        return await standing(_person(request))

    @router.post("/api/push", responses={status: {"model": Problem} for status in (404, 409, 422, 503)})
    async def add(subscription: Subscription, request: Request) -> PushStanding:
        """Have a device told from now on."""
        account = _person(request)
        if devices is None or not account:
            raise HTTPException(404, "Nobody is told on devices here.")
        address = PushAddress(subscription.endpoint, subscription.keys.p256dh, subscription.keys.auth)
        try:
            await devices.add(account, address, subscription.name)
        except PushRefusedError as error:
            raise HTTPException(409, str(error)) from error
        return await standing(account)

    @router.post("/api/push/remove", responses={status: {"model": Problem} for status in (404, 422, 503)})
    async def remove(removed: Removed, request: Request) -> PushStanding:
        """Tell a device of one's own nothing more."""
        account = _person(request)
        if devices is None or not account or not await devices.remove(account, removed.device):
            raise HTTPException(404, "You have no such device.")
        return await standing(account)

    return router


def _person(request: Request) -> str:
    """Return the account that asks; "" where nobody is asked who they are, and for this machine's commands."""
    session = session_of(request)
    return "" if session is None or session.account == MACHINE_ACCOUNT else session.account
