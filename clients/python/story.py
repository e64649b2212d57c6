"""One story by the generated Python clients: program → ambassador → link → order → reward.

`story.py ADDRESS SECRET_KEY`
"""

# mypy: ignore-errors
# ruff: noqa: T201
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "build" / "python"))

import kith_attribution
import kith_links
import kith_rewards
from kith_attribution.api.orders import post_order
from kith_attribution.models import OrderIn
from kith_links.api.ambassadors import post_ambassador
from kith_links.api.links import post_link
from kith_links.api.programs import post_program
from kith_links.models import AmbassadorIn, LinkIn, Program
from kith_rewards.api.rewards import get_rewards

address, key = sys.argv[1:]
links, attribution, rewards = (
    package.AuthenticatedClient(base_url=address, token=key) for package in (kith_links, kith_attribution, kith_rewards)
)
rule = {
    "name": "ambassador", "to": "ambassador", "on": "order", "which": "every", "pay_as": "cash",
    "give": {"kind": "fixed", "amount_minor": 1000},
}  # fmt: skip
program = post_program.sync(
    client=links,
    body=Program.from_dict(
        {"name": "Py", "status": "active", "currency": "EUR", "landing_url": "https://shop.example/", "rewards": [rule]}
    ),
)
anna = post_ambassador.sync(client=links, body=AmbassadorIn(program_id=program.id, name="Anna"))
link = post_link.sync(client=links, body=LinkIn(program_id=program.id, ambassador_id=anna.id))
order_id = f"py-{program.id}"
order = OrderIn.from_dict(
    {"order_id": order_id, "placed_at": datetime.now(UTC).isoformat(), "status": "paid", "currency": "EUR",
     "total_minor": 5000, "codes": [anna.code.code]}
)  # fmt: skip
post_order.sync(client=attribution, body=order)
for _ in range(300):
    found = get_rewards.sync(client=rewards, order_id=order_id).data
    if found:
        break
    time.sleep(0.1)
print(link.slug, found[0].amount_minor)
