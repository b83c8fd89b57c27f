"""What can be ordered of a simulator, by name: JSON in, JSON out. Nothing here knows of HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from jwtmr.cli.simulate.asked import Asked, chosen
from jwtmr.cli.simulate.minting import HOUR, Wanted
from jwtmr.cli.simulate.settings_text import settings_text
from jwtmr.cli.simulate.simulator import Simulator
from jwtmr.cli.simulate.words import FAULTS, KINDS, OUTAGES
from jwtmr.errors import ConfigurationError

Done: TypeAlias = dict[str, object]
"""``says``, what is so now, for people; and what was asked for."""


def obey(simulator: Simulator, name: str, members: Mapping[str, object]) -> Done:
    """Carry out one order. :class:`ConfigurationError` where it cannot be, and then nothing has changed."""
    if name not in ORDERS:
        raise ConfigurationError("order", "must be " + " or ".join(ORDERS))
    return ORDERS[name](simulator, Asked(members))


def _token(simulator: Simulator, asked: Asked) -> Done:
    wanted = Wanted(
        kind=asked.text("kind", "access"),
        issuer=asked.text("issuer", "now"),
        username=asked.text("username", ""),
        groups=asked.texts("groups"),
        scopes=asked.texts("scopes"),
        expires_in=asked.number("expires_in", HOUR),
    )
    asked.nothing_else()
    token = simulator.mint(wanted)
    return {"says": f"minted {KINDS[wanted.kind]}", "token": token}


def _switch(simulator: Simulator, asked: Asked) -> Done:
    to = asked.text("to", "updated")
    asked.nothing_else()
    simulator.switch(chosen(to))
    return {"says": f"the pool is switched to the {to} issuer: {simulator.issuer.current_issuer}"}


def _rotate(simulator: Simulator, asked: Asked) -> Done:
    keep_old = asked.flag("keep_old", default=True)
    asked.nothing_else()
    simulator.rotate(keep_old=keep_old)
    rest = "the old ones stay published" if keep_old else "the old ones are published no longer"
    return {"says": f"new keys sign from now on; {rest}"}


def _withdraw(simulator: Simulator, asked: Asked) -> Done:
    kid = asked.text("kid")
    asked.nothing_else()
    simulator.withdraw(kid)
    return {"says": f"the key {kid} is published no longer"}


def _take_down(simulator: Simulator, asked: Asked) -> Done:
    region, form, how = asked.maybe("region"), asked.maybe("form"), asked.text("how", "refuse")
    asked.nothing_else()
    simulator.take_down(region, chosen(how), chosen(form))
    return {"says": f"{_place(region, form)}: {OUTAGES[how]}"}


def _bring_up(simulator: Simulator, asked: Asked) -> Done:
    region, form = asked.maybe("region"), asked.maybe("form")
    asked.nothing_else()
    simulator.bring_up(region, chosen(form))
    return {"says": f"{_place(region, form)}: up"}


def _fault(simulator: Simulator, asked: Asked) -> Done:
    name, region, form = asked.text("fault"), asked.maybe("region"), asked.maybe("form")
    asked.nothing_else()
    simulator.begin_fault(name, region, chosen(form))
    return {"says": f"{_place(region, form)}: {FAULTS[name]}"}


def _heal(simulator: Simulator, asked: Asked) -> Done:
    region, form = asked.maybe("region"), asked.maybe("form")
    asked.nothing_else()
    simulator.heal(region, chosen(form))
    return {"says": f"{_place(region, form)}: up and without faults"}


def _settings(simulator: Simulator, asked: Asked) -> Done:
    form = asked.text("form", "toml")
    asked.nothing_else()
    return {"says": f"settings as {form}", "settings": settings_text(simulator.issuer, form)}


def _stop(simulator: Simulator, asked: Asked) -> Done:
    asked.nothing_else()
    simulator.stop()
    return {"says": "the simulator stops"}


def _place(region: str | None, form: str | None) -> str:
    return f"{region or 'every region'}, {f'{form} host' if form else 'both hosts'}"


ORDERS: Final[Mapping[str, Callable[[Simulator, Asked], Done]]] = {
    "token": _token,
    "switch": _switch,
    "rotate": _rotate,
    "withdraw": _withdraw,
    "take-down": _take_down,
    "bring-up": _bring_up,
    "fault": _fault,
    "heal": _heal,
    "settings": _settings,
    "stop": _stop,
}
"""By the name in the path of the request."""
