"""Random histories of two customers at two stores: what can bear on a decision, in subsets, with repetitions."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from random import Random

from hypothesis import strategies as st

from contracts.events import Payload
from tests.support.attribution import (
    ambassador,
    at,
    cancel,
    code,
    figures,
    identify,
    order,
    program,
    refund,
    token,
    visit,
)


@dataclass(frozen=True)
class History:
    """Facts as they arrive, in batches; some come twice."""

    batches: Sequence[Sequence[Payload]]

    @property
    def facts(self) -> list[Payload]:
        """Each fact once."""
        return list({repr(fact): fact for batch in self.batches for fact in batch}.values())


@cache
def pool(store: str) -> tuple[Payload, ...]:
    """Everything that can happen at one store. Whoever adds here makes rarer what was there: keep it small."""
    anna, boris = token("clk_1"), token("clk_2", when=at(days=-1), ambassador_id="amb_boris")
    old = token("clk_3", when=at(days=-45))
    first = at(days=-8)
    return (
        program(store=store),
        program(store=store, version=2, published_at=at(days=-5), window_days=20, hold_days=0),
        ambassador(store=store),
        ambassador("amb_boris", store=store, contacts=["h2"]),
        ambassador("amb_boris", store=store, revision=2, status="blocked"),
        code(store=store),
        code("BORIS", ambassador_id="amb_boris", created_at=at(minutes=30), store=store),
        code("AGAIN", ambassador_id="amb_boris", store=store),
        visit("trk_1", click=anna, store=store),
        visit("trk_2", click=boris, when=at(days=-1), store=store),
        visit("trk_3", visitor="v2", problem="forged", store=store),
        identify("trk_4", customer="c1", when=at(days=-1), store=store),
        identify("trk_5", customer="c2", when=at(days=-0.5), store=store),
        identify("trk_6", visitor=None, customer="c1", contacts=["h1"], store=store),
        order("1", customer="c1", tokens=[old], placed_at=first, store=store, fact_id="a"),
        order("1", reported=figures(4000), updated_at=at(days=-7), placed_at=first, store=store, fact_id="b"),
        order("1", codes=["ANNA10"], updated_at=at(days=-6), placed_at=first, store=store, fact_id="c"),
        refund(700, order_id="1", store=store),
        refund(900, order_id="1", refund_id="rf_2", store=store),
        cancel("1", store=store),
        order("2", customer=None, contacts=["h1"], codes=["BORIS"], visitor="v1", store=store, fact_id="a"),
        order("2", customer="c1", placed_at=at(days=-9), store=store, fact_id="earlier"),
        order("3", customer="c2", contacts=["h2"], placed_at=at(days=1), visitor="v1", store=store, fact_id="a"),
        order("3", customer="c2", placed_at=at(days=3), store=store, fact_id="later"),
        order("4", customer="c2", reported=figures(status="pending"), placed_at=at(days=2), store=store, fact_id="a"),
        order("5", customer="c1", placed_at=at(days=60), codes=["NOBODY", "AGAIN"], store=store, fact_id="a"),
        order("6", customer="c3", visitor="v2", store=store, fact_id="a"),
    )


@st.composite
def histories(draw: st.DrawFn, stores: Sequence[str] = ("str_1", "str_2")) -> History:
    """A subset of what can happen, shuffled, some of it twice, cut into batches. Often most of it is there."""
    chosen: list[Payload] = []
    for store in stores:
        possible = pool(store)
        dropped = draw(st.sets(st.sampled_from(range(len(possible)))))
        chosen += [fact for place, fact in enumerate(possible) if place not in dropped]
    # Chance decides the order: drawing each place would cost more than everything that is tested.
    chance = Random(draw(st.integers(0, 2**32)))
    arriving = chosen + chance.choices(chosen, k=chance.randrange(6)) if chosen else []
    chance.shuffle(arriving)
    cuts = sorted({0, len(arriving), *(chance.randrange(len(arriving) + 1) for _ in range(chance.randrange(6)))})
    return History([arriving[a:b] for a, b in pairwise(cuts)])
