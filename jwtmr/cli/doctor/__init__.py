"""``jwtmr doctor``: asks every host that keys come from, and says what is ready for the switch and what is not.

``targets`` says whom to ask, ``probe`` asks one address and ``asking`` all of them at once: the only parts that act.
``seen`` reads the answers as the validator does; ``reach``, ``answers``, ``agreement``, ``clocks``, ``windows``,
``sample`` and ``mcp`` each know one kind of finding, ``codes`` lists them all; ``verdict`` answers the questions and
``report`` shows it.
"""

from jwtmr.cli.doctor.command import COMMAND

__all__ = ["COMMAND"]
