"""The whole story on a phone, in four languages at once: joins by mail, shares by Telegram, a friend buys with the
discount, the ambassador is told by Telegram and by mail and sees why, the order is taken back, and is told again.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.support.mail import MailServer, mail_server, text_part
from tests.support.product import Product, running
from tests.support.telegram import TOKEN, Telegram, telegram_server
from tests.support.wait import until

PHONE = {"width": 390, "height": 844}
LOCALES = {"en": "en-GB", "ru": "ru-RU", "uk": "uk-UA", "ro": "ro-RO"}
CHATS = {"en": 7001, "ru": 7002, "uk": 7003, "ro": 7004}


@dataclass(frozen=True)
class Texts:
    """What people of one language read."""

    connected: str
    recommended: str
    to_post: str
    invited: str
    promised: str
    figure: str
    """The reward, as it is written in the language."""
    brought: str
    brought_by_mail: str
    """The mail's subject."""
    why_it_counts: str
    taken_back: str
    taken_back_by_mail: str
    why_nothing_is_left: str


TEXTS = {
    "en": Texts(
        "Connected", "My coffee comes from Zerno Coffee. €5 off your first order!", "roasted on Mondays",
        "Inna invites you", "€5 off your first order", "€1.52",
        "An order of a friend counts as yours. Your reward: €1.52",
        "A friend of yours has bought at Zerno Coffee", "The friend bought with your promo code.",
        "€1.52 of a reward was taken back: the order was returned.",
        "A reward became smaller", "The friend sent everything back",
    ),
    "ru": Texts(
        "Подключено", "Мой кофе — из Zerno Coffee. Скидка 5 € на первый заказ!", "обжаривают по понедельникам",
        "Вас приглашает Inna", "Скидка 5 € на первый заказ", "1,52 €",
        "Заказ друга засчитан вам. Ваша награда: 1,52 €",
        "Ваш друг сделал покупку: Zerno Coffee", "Друг купил с вашим промокодом.",
        "Часть награды отменена, 1,52 €: заказ возвращён.",
        "Награда уменьшилась", "Друг всё вернул и получил деньги.",
    ),
    "uk": Texts(
        "Підключено", "Моя кава — із Zerno Coffee. Знижка 5 € на перше замовлення!", "обсмажують щопонеділка",
        "Вас запрошує Inna", "Знижка 5 € на перше замовлення", "1,52 €",
        "Замовлення друга зараховано вам. Ваша винагорода: 1,52 €",
        "Ваш друг зробив покупку: Zerno Coffee", "Друг купив із вашим промокодом.",
        "Частину винагороди скасовано, 1,52 €: замовлення повернуто.",
        "Винагорода зменшилася", "Друг усе повернув і отримав гроші.",
    ),
    "ro": Texts(
        "Conectat", "Cafeaua mea vine de la Zerno Coffee. Reducere de 5 € la prima comandă!", "se prăjește lunea",
        "Inna vă invită", "Reducere de 5 € la prima comandă", "1,52 €",
        "Comanda unui prieten vi se atribuie. Recompensa dvs.: 1,52 €",
        "Un prieten de-al dvs. a cumpărat la Zerno Coffee",
        "Prietenul a cumpărat cu codul dumneavoastră promoțional.",
        "Dintr-o recompensă s-a retras 1,52 €: comanda a fost rambursată.",
        "O recompensă s-a micșorat", "Prietenul a trimis totul înapoi",
    ),
}  # fmt: skip


@dataclass
class World:
    """The running product, and what stands around it."""

    kith: Product
    http: httpx.AsyncClient
    relay: MailServer
    telegram: Telegram
    browser: Browser

    async def asked(self, path: str, **body: Any) -> Any:
        """What the store's server is answered."""
        answer = await self.http.request("POST" if body else "GET", path, json=body or None)
        assert answer.is_success, answer.text
        return answer.json()

    async def later(self, seconds: int) -> None:
        """Moves the product's clock on."""
        key = {"Authorization": f"Bearer {self.kith.operator_key}"}
        answer = await self.http.post("/v1/clock", json={"advance_seconds": seconds}, headers=key)
        assert answer.status_code == 200, answer.text


@dataclass
class Person:
    """An ambassador of one language, at a phone."""

    language: str
    phone: BrowserContext
    page: Page
    order_id: str = ""

    @property
    def email(self) -> str:
        return f"inna-{self.language}@example.com"


@asynccontextmanager
async def a_world(folder: Path, browser: Browser) -> AsyncIterator[World]:
    """The product with a mail server and a stand-in for Telegram."""
    async with mail_server() as relay, telegram_server() as telegram:
        env = {
            "KITH_SMTP_HOST": relay.hostname,
            "KITH_SMTP_PORT": str(relay.port),
            "KITH_SMTP_TLS": "none",
            "KITH_SMTP_SENDER": "pages@kith.example",
            "KITH_LINKS_TELEGRAM_URL": telegram.url,
        }
        async with running("run", folder / "kith", env=env) as kith:
            secret = {"Authorization": f"Bearer {kith.reported['secret_key']}"}
            async with httpx.AsyncClient(base_url=kith.url, timeout=30, headers=secret) as http:
                yield World(kith, http, relay, telegram, browser)


@pytest.mark.timeout(900)
async def test_the_whole_story_on_a_phone_in_four_languages(tmp_path: Path, browser: Browser) -> None:
    async with a_world(tmp_path, browser) as world:
        assert (await world.http.put("/v1/telegram-bot", json={"token": TOKEN})).is_success
        await until(lambda: world.telegram.hook, within=60, what="the bot's hook")
        people = await asyncio.gather(*(up_to_the_order(world, language) for language in LOCALES))
        readers = [(person, TEXTS[person.language]) for person in people]
        await asyncio.gather(*(until_rewarded(world, person) for person in people))
        await world.later(200)  # news of an order wait a little, for what may change it
        await asyncio.gather(
            *(is_notified(world, person, words.brought, words.brought_by_mail) for person, words in readers)
        )
        await asyncio.gather(*(sees(world, person, words.why_it_counts, words.figure) for person, words in readers))
        for person in people:
            paid = (await world.asked(f"/v1/orders/{person.order_id}"))["total_minor"]
            await world.asked(f"/v1/orders/{person.order_id}/refunds", refund_id="all", amount_minor=paid)
        await asyncio.gather(
            *(is_notified(world, person, words.taken_back, words.taken_back_by_mail) for person, words in readers)
        )
        await asyncio.gather(*(sees(world, person, words.why_nothing_is_left, "0") for person, words in readers))
        await signs_out_and_in(world, next(person for person in people if person.language == "ru"))


async def until_rewarded(world: World, person: Person) -> None:
    """The bot knows of the reward."""

    async def granted() -> bool:
        return TEXTS[person.language].figure in await answer_to(world, person, "/balance")

    await until(granted, within=60, every=0.2, what="a reward")


async def up_to_the_order(world: World, language: str) -> Person:
    """Somebody joins, connects the messenger and shares; a friend buys."""
    phone = await world.browser.new_context(viewport=PHONE, locale=LOCALES[language], has_touch=True, is_mobile=True)  # type: ignore[arg-type]
    person = Person(language, phone, await phone.new_page())
    await joins(world, person)
    await connects_telegram(world, person)
    person.order_id = await a_friend_buys(world, person, await shares(world, person))
    return person


async def sees(world: World, person: Person, why: str, figure: str) -> None:
    """On the page of friends."""
    await person.page.goto(f"{world.kith.url}/p/friends")
    friend = person.page.locator("li.friend")
    await expect(friend).to_contain_text(why)
    await expect(friend).to_contain_text(figure)
    assert await person.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def plain(text: str) -> str:
    """What is read, however its lines may break."""
    return " ".join(text.split())


async def is_notified(world: World, person: Person, text: str, subject: str) -> None:
    """By the bot, and by mail."""
    chat = CHATS[person.language]

    def sent() -> list[str]:
        return [one for whom, one in world.telegram.sent if whom == chat and plain(one).startswith(text)]

    await until(sent, within=60, what=f"the bot saying {text!r}")

    def mailed() -> list[str]:
        came = [mail for mail in world.relay.to(person.email) if plain(mail["Subject"]) == subject]
        return [one for one in (plain(text_part(mail)) for mail in came) if text in one]

    (body,) = await until(mailed, within=60, what=f"the mail {subject!r}")
    assert f"{world.kith.url}/p/" in body, "and where to see more"


async def joins(world: World, person: Person) -> None:
    """From the program's page to the own page, by the address in a mail."""
    page = person.page
    await page.goto(world.kith.reported["portal_url"].replace("/p/", "/join/"))
    await page.locator("#email").fill(person.email)
    await page.locator("#name").fill("Inna")
    await page.locator("#code").fill(f"inna-{person.language}-27")
    await page.locator("#terms").check()
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0

    async def sent() -> bool:
        """Whether the page believes by now that a person filled it in."""
        if "/code" not in page.url:
            await page.locator("button[type=submit]").first.click()
            await page.wait_for_load_state()
        return "/code" in page.url

    await until(sent, within=60, every=0.5, what="the page that asks for the digits")
    address = await until(lambda: mailed_address(world.relay, person.email), within=60, what="the mail")
    await page.goto(address)
    await page.locator("form button.store").click()
    await expect(page).to_have_url(f"{world.kith.url}/p")
    await expect(page.locator(".ticket")).to_contain_text(f"INNA-{person.language.upper()}-27")


async def signs_out_and_in(world: World, person: Person) -> None:
    """In again by the digits of a mail that is read on another device."""
    page = person.page
    await page.goto(f"{world.kith.url}/p/settings")
    await page.get_by_role("button", name="Выйти", exact=True).click()
    await expect(page).to_have_url(re.compile("/p/sign-in$"))
    await page.goto(f"{world.kith.url}/p")
    await expect(page).to_have_url(re.compile("/p/sign-in$"))
    await page.goto(world.kith.reported["portal_url"])
    before = mailed_address(world.relay, person.email)
    await page.get_by_label("Почта").fill(person.email)
    await page.get_by_role("button", name="Прислать письмо").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Загляните в почту")

    def asked_for() -> str:
        newest = mailed_address(world.relay, person.email)
        return newest if newest != before else ""

    address = await until(asked_for, within=60, what="the mail to sign in by")
    laptop = await (await world.browser.new_context(locale="en-GB")).new_page()
    await laptop.goto(address)
    digits = await laptop.locator(".digits").inner_text()
    await expect(laptop.get_by_role("button", name="Open my page")).to_have_count(0)
    await page.get_by_label("Шесть цифр").fill(digits)
    await page.get_by_role("button", name="Открыть страницу").click()
    await expect(page).to_have_url(f"{world.kith.url}/p")
    await expect(page.locator("#balance")).to_contain_text("Баланс")


def mailed_address(relay: MailServer, email: str) -> str:
    """Where the newest mail leads that signs somebody in; empty before it came."""
    found = [re.search(r"http\S+/p/sign-in/mail/\S+", text_part(mail)) for mail in relay.to(email)]
    return next((address[0] for address in reversed(found) if address), "")


async def connects_telegram(world: World, person: Person) -> None:
    """The page leads to the bot, whose first word is heard as Telegram delivers it."""
    await person.page.goto(f"{world.kith.url}/p/messages")
    await person.page.locator("form[action='/p/messages/telegram'] button").click()
    address = await person.page.locator("a.button.store").get_attribute("href")
    assert address is not None and address.startswith("https://t.me/zerno_bot?start=")
    greeted = await answer_to(world, person, f"/start {parse_qs(urlsplit(address).query)['start'][0]}")
    assert greeted.startswith(f"{TEXTS[person.language].connected}: Zerno Coffee")
    await person.page.goto(f"{world.kith.url}/p/messages")
    await person.page.locator("#mail_too").select_option("everything")
    await person.page.locator("form.form button").click()
    await expect(person.page.locator("#mail_too")).to_have_value("everything")


async def answer_to(world: World, person: Person, text: str) -> str:
    """What the bot answers, as Telegram delivers it."""
    chat, sender = CHATS[person.language], {"language_code": person.language}
    answer = await world.http.post(
        urlsplit(world.telegram.hook["url"]).path,
        json={"update_id": 1, "message": {"chat": {"id": chat, "type": "private"}, "from": sender, "text": text}},
        headers={"X-Telegram-Bot-Api-Secret-Token": world.telegram.hook["secret_token"]},
    )
    assert answer.json()["chat_id"] == chat
    return plain(answer.json()["text"])


async def shares(world: World, person: Person) -> str:
    """The link as Telegram is handed it, with the words that go along."""
    await person.page.goto(f"{world.kith.url}/p")
    handed = await person.page.locator("a[href^='https://t.me/share/url']").get_attribute("href")
    assert handed
    query = parse_qs(urlsplit(handed).query)
    assert plain(query["text"][0]) == TEXTS[person.language].recommended
    await person.page.goto(f"{world.kith.url}/p/materials")
    await expect(person.page.get_by_alt_text("A cup of coffee")).to_be_visible()
    await expect(person.page.locator("main")).to_contain_text(TEXTS[person.language].to_post)
    return query["url"][0]


async def a_friend_buys(world: World, person: Person, link: str) -> str:
    """Lands, reads who invites, and buys with the discount, which applies itself."""
    phone = await world.browser.new_context(viewport=PHONE, locale=LOCALES[person.language])  # type: ignore[arg-type]
    page = await phone.new_page()
    await page.goto(link)
    await expect(page.locator(".who")).to_have_text(TEXTS[person.language].invited)
    await expect(page.locator("h1")).to_have_text(TEXTS[person.language].promised)
    await page.locator("a.go").click()
    await expect(page).to_have_url(f"{world.kith.reported['shop_url']}/")
    await page.get_by_role("button", name="Add Clay dripper to the cart").click()
    await expect(page.locator(".sums .off")).to_contain_text("−€5.00")
    await page.get_by_role("link", name="Check out").click()
    await page.get_by_label("E-mail").fill(f"friend-{person.language}@example.com")
    await page.get_by_role("button", name="Pay").click()
    order_id = await page.locator("#order").inner_text()
    await phone.close()
    return order_id
