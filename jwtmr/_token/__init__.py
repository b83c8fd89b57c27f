"""From the bytes of a token to checked claims. Pure: no clock, no key, no network."""
