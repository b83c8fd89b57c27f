"""Bridges to other people's systems, each behind an extra of its own. Nothing else in jwtmr imports them."""
