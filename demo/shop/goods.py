"""What the demo shop sells, and what a cart of it costs. Amounts are euro cents."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Product:
    """One thing on the shelf. `tone` picks the colours of its picture."""

    id: str
    name: str
    note: str
    price_minor: int
    category: str
    tone: int


GOODS = {
    product.id: product
    for product in (
        Product("yirgacheffe", "Yirgacheffe", "Ethiopia. Jasmine, lemon, honey.", 1450, "coffee", 1),
        Product("huila", "Huila", "Colombia. Red apple, caramel.", 1290, "coffee", 2),
        Product("cerrado", "Cerrado", "Brazil. Hazelnut, dark chocolate.", 1150, "coffee", 3),
        Product("nyeri", "Nyeri", "Kenya. Blackcurrant, tomato leaf.", 1690, "coffee", 4),
        Product("decaf", "Evening", "Decaf. Cocoa and dried fig.", 1350, "coffee", 5),
        Product("dripper", "Clay dripper", "Fits a mug, lasts for years.", 2400, "gear", 6),
        Product("scale", "Pocket scale", "Tenths of a gram, a timer.", 3200, "gear", 7),
        Product("mug", "Mug", "Stoneware, 250 ml.", 1600, "gear", 8),
        Product("filters", "Filters", "A hundred, unbleached.", 650, "gear", 9),
    )
}

SHIPPING_MINOR = 490
FREE_SHIPPING_FROM_MINOR = 5000


@dataclass(frozen=True, slots=True)
class Offer:
    """What a friend is promised, as Kith said it for a code or for the visitor's tokens: an amount or a share off."""

    code: str
    amount_minor: int = 0
    basis_points: int = 0
    from_minor: int = 0
    """Goods that must be left for an order to count."""

    def off(self, goods_minor: int) -> int:
        """What comes off goods of this price; nothing where too little would be left."""
        off = min(goods_minor, self.amount_minor + (goods_minor * self.basis_points + 5_000) // 10_000)
        return off if goods_minor - off >= self.from_minor else 0


@dataclass(frozen=True, slots=True)
class Cart:
    """Product ids with quantities, the promo code that the buyer typed, and what Kith says that a friend gets."""

    lines: dict[str, int]
    code: str | None = None
    offer: Offer | None = None

    @property
    def goods_minor(self) -> int:
        """Price of all lines before the discount."""
        return sum(GOODS[product].price_minor * quantity for product, quantity in self.lines.items())

    @property
    def discount_minor(self) -> int:
        """What the friend's offer takes off."""
        return self.offer.off(self.goods_minor) if self.offer else 0

    @property
    def shipping_minor(self) -> int:
        """Flat, and free from a certain sum."""
        return 0 if not self.lines or self.goods_minor >= FREE_SHIPPING_FROM_MINOR else SHIPPING_MINOR

    @property
    def subtotal_minor(self) -> int:
        """Goods after the discount."""
        return self.goods_minor - self.discount_minor

    @property
    def total_minor(self) -> int:
        """What the buyer pays."""
        return self.subtotal_minor + self.shipping_minor

    def order(self) -> dict[str, object]:
        """The figures as `POST /v1/orders` takes them. The discount is spread over no line: items keep their price."""
        return {
            "currency": "EUR",
            "total_minor": self.total_minor,
            "subtotal_minor": self.subtotal_minor,
            "discount_minor": self.discount_minor,
            "shipping_minor": self.shipping_minor,
            "items": [
                {
                    "product_id": product,
                    "category": GOODS[product].category,
                    "quantity": quantity,
                    "amount_minor": GOODS[product].price_minor * quantity,
                }
                for product, quantity in self.lines.items()
            ],
        }
