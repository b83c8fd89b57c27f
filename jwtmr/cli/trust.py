"""Whose certificates are believed: the public authorities that a validator believes, and those of ``--ca-file``."""

from __future__ import annotations

import argparse
import ssl

from jwtmr.cli.command import UsageError


def add_trust_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--ca-file``, under a headline of its own."""
    parser.add_argument_group("trust").add_argument(
        "--ca-file", metavar="FILE", help="trust the certificate authorities in FILE (PEM) too, beside the public ones"
    )


def trusting(ca_file: str | None) -> ssl.SSLContext:
    """What a validator trusts by default, and the authorities in ``ca_file``. :class:`UsageError` for no such file."""
    import httpx  # noqa: PLC0415  # commands that ask nobody do without it, and it takes its time to load

    context = httpx.create_ssl_context(trust_env=False)
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ValueError) as error:  # ssl.SSLError, for what is no PEM, is an OSError
            reason = "is no certificate in PEM" if isinstance(error, ssl.SSLError) else "cannot be read"
            raise UsageError(f"--ca-file: {ca_file} {reason}") from None
    return context
