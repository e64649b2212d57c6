"""Shops on this machine whose APIs behave as their platforms' documents say: pages, limits, failures. Each is a server
of its own, which a person can start by hand:

    python -m tests.support.shops woocommerce --port 9310

It says what opens it, and has a hundred orders. `POST /_behave` with `{"away": 2}` makes it answer 502 twice; the
fields are those of `Shop`.
"""
