"""account: who may sign in on this machine."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import typer

from compose.accounts import second_factor
from compose.accounts.book import AccountBook
from compose.accounts.passwords import WeakPasswordError
from compose.accounts.signing_in import book_in
from compose.commands.output import AsJson, answer, fail
from compose.commands.who import this_user
from compose.settings import Settings, load
from dashboards.server.access.account_ports import Account, AccountError
from dashboards.server.access.rights import ROLES
from dashboards.server.access.session import AccountsUnavailableError
from dashboards.server.audience import ALL_AGENCIES

Name = Annotated[str, typer.Argument(help="The account, as in r.diaz.")]
Roles = Annotated[list[str], typer.Option("--role", help=f"One of {', '.join(ROLES)}; may be given again.")]
SeenLists = Annotated[
    list[str] | None, typer.Option("--audience", help="Audience whose restricted lists it may see; may be given again.")
]
EveryList = Annotated[bool, typer.Option("--all-audiences", help="It may see all restricted lists.")]
Agencies = Annotated[
    list[str] | None,
    typer.Option("--agency", help="It sees this agency's events only (their jurisdiction); may be given again."),
]
Areas = Annotated[
    list[str] | None,
    typer.Option("--area", help="It sees only what lies in this zone (its id); may be given again."),
]
Secured = Annotated[
    bool, typer.Option("--secured-room", help="Its sessions do not lock: a position in a secured, staffed room.")
]
FromInput = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Who may sign in (with WATCHFLOOR_SIGN_IN=true).", no_args_is_help=True)
    app.add_typer(group, name="account")

    @group.command("add")
    def add(
        account: Name,
        role: Roles,
        name: Annotated[str, typer.Option(help="The person's name, as others read it.")] = "",
        audience: SeenLists = None,
        all_audiences: EveryList = False,
        agency: Agencies = None,
        area: Areas = None,
        secured_room: Secured = False,
        days: Annotated[float | None, typer.Option(min=0.01, help="It ends after so many days.")] = None,
        password_stdin: FromInput = False,
        as_json: AsJson = False,
    ) -> None:
        """Make an account, and show the secret of its second factor this once."""
        settings, password = load(), _password(password_stdin)
        with _book(as_json=as_json, settings=settings) as book:
            secret = book.add(
                account,
                name=name or account,
                password=password,
                roles=role,
                audiences=_audiences(settings, audience, all_audiences, as_json),
                agencies=_agencies(agency, as_json),
                areas=_zones(area, as_json) if area else None,
                secured=secured_room,
                ends_at=None if days is None else time.time() + days * 86_400,
                actor=this_user(),
            )
        _show(account, secret, as_json)

    @group.command("list")
    def listed(as_json: AsJson = False) -> None:
        """Tell which accounts there are, what each may do, and which let nobody in."""
        with _book(as_json=as_json) as book:
            found = book.accounts()
        text = "\n".join(map(_line, found)) or "There is no account yet. `watchfloor account add` makes one."
        answer({"accounts": found}, as_json=as_json, text=text)

    @group.command("roles")
    def roles(
        account: Name,
        role: Roles,
        audience: SeenLists = None,
        all_audiences: EveryList = False,
        agency: Agencies = None,
        secured_room: Secured = False,
        as_json: AsJson = False,
    ) -> None:
        """Say anew what an account may do and see. It holds on open screens within seconds."""
        settings = load()
        named = _audiences(settings, audience, all_audiences, as_json)
        with _book(as_json=as_json, settings=settings) as book:
            book.set_roles(
                account,
                roles=role,
                audiences=named,
                agencies=_agencies(agency, as_json),
                secured=secured_room,
                actor=this_user(),
            )
        answer({"account": account, "roles": sorted(role)}, as_json=as_json, text=f"{account}: {', '.join(role)}")

    @group.command("areas")
    def areas(
        account: Name,
        area: Areas = None,
        everywhere: Annotated[bool, typer.Option("--everywhere", help="It is limited to no area any more.")] = False,
        as_json: AsJson = False,
    ) -> None:
        """Limit an account to what lies in some zones, or show in which. It holds on open screens within seconds."""
        if area and everywhere:
            fail("Say either --area or --everywhere.", 2, as_json=as_json)
        with _book(as_json=as_json) as book:
            if area or everywhere:
                book.set_areas(account, _zones(area, as_json) if area else None, this_user())
            found = next((one for one in book.accounts() if one.account == account), None)
            if found is None:
                raise AccountError(f"There is no account {account}.")
        text = f"{account}: {'everywhere' if found.areas is None else ', '.join(found.areas) or 'nowhere'}"
        answer({"account": account, "areas": found.areas}, as_json=as_json, text=text)

    @group.command("disable")
    def disable(
        account: Name,
        reason: Annotated[str, typer.Option(help="Why; it is recorded.")],
        as_json: AsJson = False,
    ) -> None:
        """Let an account in no more, and close its screens within seconds."""
        if not reason.strip():
            fail("Say why with --reason.", 2, as_json=as_json)
        with _book(as_json=as_json) as book:
            book.disable(account, reason.strip(), this_user())
        answer({"account": account, "disabled": reason}, as_json=as_json, text=f"{account} is let in no more.")

    @group.command("release")
    def release(account: Name, as_json: AsJson = False) -> None:
        """Let an account in again that was disabled, locked after wrong tries, or not used for 90 days."""
        with _book(as_json=as_json) as book:
            book.release(account, this_user())
        answer({"account": account}, as_json=as_json, text=f"{account} may sign in again.")

    @group.command("reset")
    def reset(account: Name, password_stdin: FromInput = False, as_json: AsJson = False) -> None:
        """Give an account a new password and second factor; its screens are closed."""
        password = _password(password_stdin)
        with _book(as_json=as_json) as book:
            secret = book.reset(account, password, this_user())
        _show(account, secret, as_json)


@contextlib.contextmanager
def _book(*, as_json: bool, settings: Settings | None = None) -> Iterator[AccountBook]:
    """Give the account book; what it refuses ends the command in words."""
    book = book_in(settings or load())
    try:
        yield book
    except (AccountError, WeakPasswordError) as error:
        fail(str(error), 2, as_json=as_json)
    except AccountsUnavailableError as error:
        fail(f"{error}. It is in the data folder; is it another user's?", as_json=as_json)
    finally:
        book.close()


def _password(from_input: bool) -> str:
    if from_input:
        return sys.stdin.readline().rstrip("\r\n")
    entered: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return entered


def _audiences(settings: Settings, named: list[str] | None, every: bool, as_json: bool) -> tuple[str, ...] | None:
    if every:
        return None
    if unknown := sorted(set(named or ()) - set(settings.audiences)):
        fail(f"There is no audience {', '.join(unknown)}. There are: {', '.join(settings.audiences)}.", 2,
             as_json=as_json)  # fmt: skip
    return tuple(named or ())


def _agencies(named: list[str] | None, as_json: bool) -> tuple[str, ...] | None:
    if not named:
        return None
    if wrong := [name for name in named if not name.strip() or "," in name or name == ALL_AGENCIES]:
        fail(f"{wrong[0]!r} is no agency's name.", 2, as_json=as_json)
    return tuple(name.strip() for name in named)


def _zones(named: list[str], as_json: bool) -> tuple[str, ...]:
    if not all(name.strip() for name in named):
        fail("A zone's id is expected.", 2, as_json=as_json)
    return tuple(name.strip() for name in named)


def _show(account: str, secret: str, as_json: bool) -> None:
    address = second_factor.address(secret, account)
    text = (
        f"{account} may sign in. The second factor, shown this once:\n  secret   {secret}\n  address  {address}\n"
        "Enter either into an authenticator application (RFC 6238: any does)."
    )
    answer({"account": account, "secret": secret, "address": address}, as_json=as_json, text=text)


def _line(one: Account) -> str:
    used = f"{datetime.fromtimestamp(one.used_at, UTC):%Y-%m-%d %H:%M}"
    seen = "all lists" if one.audiences is None else ", ".join(one.audiences) or "no restricted list"
    if one.agencies is not None:
        seen += f", only {', '.join(one.agencies) or 'no agency'}"
    if one.areas is not None:
        seen += f", in {', '.join(one.areas) or 'no area'}"
    by = f"  by {one.issuer}" if one.issuer else ""
    state = f"LETS NOBODY IN: {one.disabled}" if one.disabled else f"{one.sessions} signed in"
    return f"{one.account:20} {', '.join(one.roles):30} {seen:24} used {used} UTC  {state}{by}"
