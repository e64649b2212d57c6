"""The places of an offer to share, in words."""

from contracts.events.tracking import Placement
from services.ui import Speech


def placements(speech: Speech) -> dict[Placement, str]:
    """What each is called."""
    return {
        "home-banner": speech.say("Banner of the front page"),
        "menu-link": speech.say("Link in a menu"),
        "ribbon": speech.say("Ribbon across a page"),
        "product-card": speech.say("On a product’s page"),
        "order-confirmation": speech.say("Order confirmation"),
        "after-payment": speech.say("After the payment"),
        "own-page": speech.say("A page of its own"),
        "customer-account": speech.say("The customer’s account"),
    }
