"""``jwtmr simulate``: a user pool as servers on loopback, to develop against, with a page that shows and spoils them.

``simulator`` is the pool and what can be done to it, ``orders`` reads from JSON what shall be done, ``control`` takes
orders over HTTP and serves the page, ``client`` and ``actions`` give them from the command line, ``serve`` runs it all.
``words`` says what there is, for people; it imports nothing, so that other commands do not pay for servers.
"""
