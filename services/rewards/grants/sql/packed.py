"""How the decisions' newest states lie in the table. It knows no database: a simulator's helper reads them as well."""

from typing import Final

from services.kernel.packed import Packing

_WORDS_1: Final = b"".join(
    (
        b'"returned":{"lines":[{"line_id":"1","amount_minor":4600}],"shipping_minor":0,"named_minor":0,"bare_minor":0},',
        b'"gift_card":false}],"sku":"","product_id":"77","category":"coffee","quantity":1,"amount_minor":4600,"line_id":"1",',
        b'"status":"rejected","reason":"own_purchase","status":"pending","reason":"unpaid","visitor_id":"v_","click_id":"clk',
        b'_01k","winner":{"kind":"click","at":"2026-12-03T10:15:30Z","click_id":"clk_01k","link_id":"lnk_01k"},',
        b'"over_refunded":true,"cancelled":true,"settled_at":"2026-12-03T10:15:30.204000Z","friend_contacts":["',
        b'{"store_id":"str_01k9x0m0q4s8t2w6y0a4c8e2g6","order_id":"10482","revision":2,"status":"unattributed",',
        b'"reason":"no_evidence","new_customer":false,"as_of":1042,"engine":"2"}',
        b'{"store_id":"str_01k9x0m0q4s8t2w6y0a4c8e2g6","order_id":"10482","revision":1,"status":"attributed","reason":"code"',
        b',"cancelled":false,"rejected_by_person":false,"placed_at":"2026-12-03T10:15:30.204000Z","decided_at":"2026-12-03T',
        b'10:15:31.204000Z","figures":{"status":"paid","currency":"EUR","total_minor":5090,"subtotal_minor":4600,',
        b'"discount_minor":0,"tax_minor":0,"shipping_minor":0,"items":[]},"refunded_minor":0,"over_refunded":false,',
        b'"friend_id":"8412","friend_contacts":[],"order_number":1,"new_customer":true,"program_id":"prg_01k9x0n2r6t0w4y8b',
        b'2d6f0h4k8","program_version":1,"ambassador_id":"amb_01k9x0p7v1x5z9c3e7g1j5m9q3","winner":{"kind":"code",',
        b'"at":"2026-12-03T10:15:30.204000Z","code":"ANNA10"},"as_of":1042,"engine":"2"}',
    )
)
PACKING: Final = Packing("a conversion", _WORDS_1)
unpack: Final = PACKING.unpack


def text_of(body: bytes | None, data: str | None) -> bytes | str:
    """A state's JSON as it lies in the table: packed, or plain from before."""
    return data or "" if body is None else unpack(bytes(body))
