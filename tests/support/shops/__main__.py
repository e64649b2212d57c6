"""Starts a shop by hand."""

import argparse
import importlib

import uvicorn

from tests.support.shops.base import PASSWORD, USER

NAMES = ("woocommerce", "insales", "stripe", "shopify")


def main() -> None:
    """Serves the named shop on a port of this machine until it is stopped."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.shops")
    parser.add_argument("shop", choices=NAMES)
    parser.add_argument("--port", type=int, default=9310)
    parser.add_argument("--orders", type=int, default=100)
    given = parser.parse_args()
    module = importlib.import_module(f"tests.support.shops.{given.shop}")
    opened_by = f"user {USER}, password {PASSWORD}"
    if hasattr(module, "KEY"):
        opened_by = f"Authorization: Bearer {module.KEY}"
    if hasattr(module, "TOKEN"):
        opened_by = f"X-Shopify-Access-Token: {module.TOKEN}"
    print(f"{given.shop} on http://127.0.0.1:{given.port}, opened by {opened_by}")  # who starts it reads it
    uvicorn.run(module.some(given.orders).app(), host="127.0.0.1", port=given.port, log_level="warning")


if __name__ == "__main__":
    main()
