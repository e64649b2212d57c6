"""What users may do at the brokers, and making a cluster's rights what they should be.

In the client's own messages: its administration has no words for rights.
"""

from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import for_code
from aiokafka.protocol.admin import CreateAclsRequest, DeleteAclsRequest, DescribeAclsRequest

from services.kernel.bus.bounded import bounded
from services.kernel.bus.kafka import BROKEN, DELIVERY_S, REQUEST_MS
from services.kernel.bus.port import BusUnavailable

Kind = Literal["topic", "group"]
Operation = Literal["Create", "Describe", "Read", "Write"]

_KINDS: Mapping[Kind, int] = {"topic": 2, "group": 3}
_OPERATIONS: Mapping[Operation, int] = {"Read": 3, "Write": 4, "Create": 5, "Describe": 8}
_ANY, _ALLOW, _LITERAL, _PREFIXED = 1, 3, 3, 4
"""Numbers of the protocol: anything, permission, and how a name is meant."""
_EVERYWHERE = "*"
"""From whatever address."""


class Right(NamedTuple):
    """A user may do something with a topic or group, or with all whose names begin so (`prefixed`)."""

    user: str
    operation: Operation
    kind: Kind
    name: str
    prefixed: bool = False

    def numbers(self) -> tuple[int, str, int, str, str, int, int]:
        """As the protocol has it."""
        pattern = _PREFIXED if self.prefixed else _LITERAL
        user, operation = f"User:{self.user}", _OPERATIONS[self.operation]
        return _KINDS[self.kind], self.name, pattern, user, _EVERYWHERE, operation, _ALLOW


class Change(NamedTuple):
    """What was changed, as the protocol has it."""

    given: int
    taken: int


async def make_rights(url: str, login: Mapping[str, str], wanted: Collection[Right]) -> Change:
    """Gives the users of these rights what they lack of them, and takes from them whatever else they have been given.

    Other users' rights stay as they are. Raises `BusUnavailable` where the brokers cannot be reached, do not know who
    asks, or do not let them.
    """
    client = AIOKafkaClient(bootstrap_servers=url, request_timeout_ms=REQUEST_MS, **login)
    try:
        return await bounded(_make(client, wanted), DELIVERY_S)
    except BROKEN as error:
        raise BusUnavailable(f"rights cannot be made ({type(error).__name__})") from error
    finally:
        await client.close()


async def _make(client: AIOKafkaClient, wanted: Collection[Right]) -> Change:
    await client.bootstrap()
    node = client.get_random_node()
    should = {right.numbers() for right in wanted}
    found = set()
    for user in sorted({right.user for right in wanted}):
        answer = await client.send(node, DescribeAclsRequest(_ANY, None, _ANY, f"User:{user}", None, _ANY, _ANY))
        _check(answer.error_code)
        for kind, name, pattern, rules in answer.resources:
            found |= {(kind, name, pattern, *rule) for rule in rules}
    for right in sorted(found - should):
        answer = await client.send(node, DeleteAclsRequest(*right))
        _check(*(code for code, *_ in answer.filter_responses))
    for right in sorted(should - found):
        answer = await client.send(node, CreateAclsRequest(*right))
        _check(*(code for code, _ in answer.creation_responses))
    return Change(len(should - found), len(found - should))


def _check(*codes: int) -> None:
    for code in codes:
        if code:
            raise for_code(code)
