"""What the runtime needs to know of the product, in every service's manifest."""

from typing import Final

from services.common.scopes import SCOPES
from services.common.store_slice import STORES
from services.common.topics import product_topics
from services.kernel.service import Product

PRODUCT: Final = Product(scopes=SCOPES, topics=product_topics(), handlers=(STORES,))
