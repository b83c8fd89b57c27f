"""Settings from options, variables and a TOML file: one table of them, and one validator whichever way they came.

``table`` describes every setting; ``words`` reads one from text, ``environment`` and ``file`` read what there is,
``merge`` says what goes before what, ``making`` makes the authorities. ``docs/settings.md`` is the page for users.
"""

from jwtmr.config.loaded import Settings

__all__ = ["Settings"]
