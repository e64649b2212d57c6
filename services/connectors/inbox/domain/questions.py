"""The tasks that deliveries cause: to ask a platform for an order or a code that one named, and to forget a shop."""

from typing import Final, NamedTuple

from services.kernel.ids import new_id
from services.kernel.work import NewTask

READ_BACK: Final = "read-back"
"""The kind of task that asks a platform for an order."""
NAME_CODE: Final = "name-code"
"""The kind of task that asks a platform what a code is which it named by its id."""

REDACT: Final = "redact"
"""The kind of task that drops what was kept of a shop."""


class Asker(NamedTuple):
    """The delivery that named something, and its connection, whose shop is asked."""

    store_id: str
    hook_id: str
    delivery_id: str


def asking_for_order(kept: Asker, order: str) -> NewTask:
    """The task that asks a platform for an order. Asked again for the same delivery later, it is another one."""
    return NewTask(
        kind=READ_BACK,
        store_id=kept.store_id,
        lane=kept.hook_id,
        key=f"{kept.delivery_id}:{new_id('ask')}",
        payload={"connection": kept.hook_id, "order": order, "delivery": kept.delivery_id},
    )


def redacting(kept: Asker) -> NewTask:
    """The task that drops what was kept of a shop until this delivery asked for it. Read again, it asks once more."""
    return NewTask(
        kind=REDACT,
        store_id=kept.store_id,
        lane=kept.hook_id,
        key=f"{kept.delivery_id}:{new_id('ask')}",
        payload={"connection": kept.hook_id, "delivery": kept.delivery_id},
    )


def asking_for_code(kept: Asker, remote_id: str) -> NewTask:
    """The task that asks a platform what a code is, for one delivery, which is read again then."""
    return NewTask(
        kind=NAME_CODE,
        store_id=kept.store_id,
        lane=kept.hook_id,
        key=f"{kept.delivery_id}:{remote_id}",
        payload={"connection": kept.hook_id, "code": remote_id, "delivery": kept.delivery_id},
    )
