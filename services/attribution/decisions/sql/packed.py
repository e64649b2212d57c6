"""A decision's bytes as they lie on disk: every revision is kept for ever, and most of it is words that all repeat."""

from typing import Final

from services.kernel.packed import Packing

_WORDS_1: Final = b"".join(
    (
        b'"waiting","failed","noted","refused","outranked","rejected","pending","unknown_code","settled":{"at":"2026-',
        b'","revision":2},"returned":{"lines":[],"over_refunded":true,"kind":"customer","kind":"click","click_id":"clk_01',
        b'","link_id":"lnk_01","items":[{"amount_minor":4600,"category":"coffee","line_id":"1","product_id":"77",',
        b'"quantity":1,"sku":"YIRG-250"}],"paid_since":"2026-11-03T10:15:31.204000Z",',
        b'"reason":"no_evidence","refunded_minor":0,"status":"unattributed"}',
        b'{"ambassador_id":"amb_01k9x0p7v1x5z9c3e7g1j5m9q3","cancelled":false,"candidates":[],"candidates_total":0,',
        b'"checks":[],{"ambassador_id":"amb_01k9x0p7v1x5z9c3e7g1j5m9q3","cancelled":false,"candidates":[{"ambassador_id":',
        b'"amb_01k9x0p7v1x5z9c3e7g1j5m9q3","at":"2026-11-03T10:15:30.204000Z","code":"ANNA10","kind":"code",',
        b'"program_id":"prg_01k9x0n2r6t0w4y8b2d6f0h4k8","program_version":1,"reason":"won","verdict":"won"}],',
        b'"candidates_total":1,"checks":[{"detail":{"code":"ANNA10"},"result":"passed","rule":"code"},',
        b'{"result":"passed","rule":"own_purchase"}],"engine":"2","figures":{"currency":"EUR","discount_minor":0,',
        b'"items":[],"shipping_minor":0,"status":"paid","subtotal_minor":4600,"tax_minor":0,"total_minor":5090},',
        b'"friend_id":"8412","new_customer":true,"order_id":"10482","order_number":1,"over_refunded":false,',
        b'"pending":[],"placed_at":"2026-11-03T10:15:30.204000Z","program_id":"prg_01k9x0n2r6t0w4y8b2d6f0h4k8",',
        b'"program_version":1,"reason":"code","refunded_minor":0,"status":"attributed",',
        b'"winner":{"at":"2026-11-03T10:15:30.204000Z","code":"ANNA10","kind":"code"}}',
    )
)
_PACKING: Final = Packing("a decision", _WORDS_1)
pack, unpack = _PACKING.pack, _PACKING.unpack
