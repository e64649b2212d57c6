"""How the product speaks Russian, Ukrainian and Romanian: numbers with their nouns, one word for one thing, one way
to address the reader. Every catalogue of every package is read."""

import io
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import services
from services.ui import load_speech
from services.ui.messages import catalogue_path

ROOT = Path(next(iter(services.__path__)))
PACKAGES = sorted(path.parent.name for path in ROOT.glob("*/locale"))
LANGUAGES = ("ru", "uk", "ro")
COUNTS = (0, 1, 2, 5, 11, 20, 21, 22, 100, 101, 102, 120, 121)

NOUNS = {
    "ru": (
        *("день дня дней", "днём днями днями", "час часа часов", "минуту минуты минут", "балл балла баллов"),
        *("друг друга друзей", "друга друзей друзей"),
        *("заказ заказа заказов", "заказе заказах заказах", "заказу заказам заказам", "награда награды наград"),
        *("награды наград наград", "позиция позиции позиций", "поле поля полей", "проводка проводки проводок"),
        *("события событий событий", "решения решений решений"),
        *("дня дней дней", "месяц месяца месяцев", "месяца месяцев месяцев", "заказа заказов заказов"),
        *("ссылка ссылки ссылок", "программа программы программ"),
        *("запись записи записей", "право права прав", "устройстве устройствах устройствах"),
        *("письмо письма писем", "сообщение сообщения сообщений"),
        *(
            "обращение обращения обращений",
            "обращения обращений обращений",
            "покупка покупки покупок",
            "переход перехода переходов",
            "перехода переходов переходов",
            "материал материала материалов",
            "амбассадор амбассадора амбассадоров",
            "человек человека человек",
            "сегмент сегмента сегментов",
            "ключ ключа ключей",
            "адрес адреса адресов",
            "вступил вступили вступили",
            "неделя недели недель",
            "неделю недели недель",
            "месяца месяцев месяцев",
            "пакет пакета пакетов",
            "пункт пункта пунктов",
            "код кода кодов",
            "набор набора наборов",
            "обмен обмена обменов",
            "план плана планов",
        ),
    ),
    "uk": (
        *("день дні днів", "місяця місяців місяців", "днем днями днями", "година години годин", "годину години годин"),
        *("друг друга друзів", "друга друзів друзів", "амбасадор амбасадори амбасадорів"),
        *("хвилину хвилини хвилин", "бал бали балів", "замовлення замовлення замовлень"),
        *("замовленні замовленнях замовленнях", "замовленням замовленнями замовленнями"),
        *("винагорода винагороди винагород", "винагороди винагород винагород", "позиція позиції позицій"),
        *("поле поля полів", "проведення проведення проведень"),
        *("замовлення замовлень замовлень", "події подій подій", "рішення рішень рішень"),
        *("посилання посилання посилань", "програма програми програм"),
        *("запис записи записів", "право права прав", "пристрої пристроях пристроях"),
        *("лист листи листів", "повідомлення повідомлення повідомлень"),
        *(
            "звернення звернення звернень",
            "звернення звернень звернень",
            "покупка покупки покупок",
            "перехід переходи переходів",
            "переходу переходів переходів",
            "матеріал матеріали матеріалів",
            "амбасадора амбасадорів амбасадорів",
            "людина людини людей",
            "ключ ключі ключів",
            "адресу адреси адрес",
            "вступив вступили вступили",
            "тиждень тижні тижнів",
            "місяць місяці місяців",
            "місяця місяців місяців",
            "сегмент сегменти сегментів",
            "пакет пакети пакетів",
            "пункт пункти пунктів",
            "код коди кодів",
            "набір набори наборів",
            "обмін обміни обмінів",
            "план плани планів",
        ),
    ),
    "ro": (
        "prieten prieteni",
        *(
            "zi zile",
            "lună luni",
            "oră ore",
            "minut minute",
            "punct puncte",
            "comandă comenzi",
            "recompensă recompense",
            "țintă ținte",
        ),
        *("articol articole", "câmp câmpuri", "eveniment evenimente", "înregistrare înregistrări"),
        *("decizie decizii", "link linkuri", "program programe"),
        *(
            "permisiune permisiuni",
            "dispozitiv dispozitive",
            "mesaj mesaje",
            "sesizare sesizări",
            "achiziție achiziții",
            "clic clicuri",
            "material materiale",
            "ambasador ambasadori",
            "persoană persoane",
            "cheie chei",
            "adresă adrese",
            "înscris înscriși",
            "săptămână săptămâni",
            "lună luni",
            "drept drepturi",
            "segment segmente",
            "lot loturi",
            "lucru lucruri",
            "cod coduri",
            "set seturi",
            "schimb schimburi",
        ),
    ),
}
"""After a number: for 1, 2 and 5 in Russian and Ukrainian, for 1 and 2 in Romanian. A new noun is a new row."""

NEVER = {
    "ru": {
        "твёрд": "фиксированная сумма",
        "задержк": "hold is «ожидание»",
        "удерж": "hold is «ожидание»",
        "списано обратно": "списано",
        "стёрт": "данные удалены",
        "стереть": "удалить данные",
        "клиент": "покупатель",
        "номер покупател": "id покупателя",
        "идентификатор": "id",
        "метк": "токен",
        "окно перехода": "окно атрибуции",
        "состояние": "статус",
        "закреплён": "окончательно",
        "без предела": "без лимита",
    },
    "uk": {
        "вікна у": "у межах вікна (30 днів)",
        "приведен": "якого привів",
        "затримк": "hold is «очікування»",
        "утрим": "hold is «очікування»",
        "списано назад": "списано",
        "стерт": "дані видалено",
        "клієнт": "покупець",
        "номер покупц": "id покупця",
        "ідентифікатор": "id",
        "мітк": "токен",
        "вікно переходу": "вікно атрибуції",
        "стан\\b": "статус",
        "закріплено": "остаточно",
        "без межі": "без ліміту",
        "долуч": "приєднатися",
        "термін": "строк",
    },
    "ro": {
        "reținer": "hold is „așteptare”",
        "reținute": "hold is „așteptare”",
        "returnat": "rambursat",
        "valut": "monedă",
        "cumpărătur": "achiziție",
        "cumpărător": "client",
        "marcaj": "token",
        "fereastra clicului": "fereastra de atribuire",
        "bonus": "credit în magazin",
        "definitivă": "finală",
    },
}
"""The beginning of a word (a pattern) that was used beside another for the same thing, and what is said instead."""

TU = {
    *("adaugă", "alege", "anulează", "aprobă", "arată", "caută", "compară", "copiază", "deschide", "distribuie"),
    *("elimină", "intră", "încearcă", "păstrează", "refă", "respinge", "salvează", "schimbă", "scrie", "șterge"),
    *("trimite", "vezi", "nu șterge"),
}
"""Romanian that asks a tu, where it begins a sentence: the reader is dumneavoastră, so a request ends in -ți."""
YOURS = {"tău", "tale", "tine", "ție"}


@cache
def translations(language: str) -> tuple[tuple[str, str | tuple[str, ...], str], ...]:
    """Each translation with its package and message."""
    return tuple(
        (package, message.id if isinstance(message.id, str) else tuple(message.id), text)
        for package in PACKAGES
        for message in read_po(io.BytesIO(catalogue_path(ROOT / package, language).read_bytes()), locale=language)
        if message.id
        for text in ([message.string] if isinstance(message.string, str) else tuple(message.string or ()))
    )


def counted(language: str) -> list[tuple[str, str, str]]:
    """Package, singular and plural of each message that counts."""
    found = {(package, id[0], id[1]) for package, id, _ in translations(language) if not isinstance(id, str)}
    return sorted(found)


def form(language: str, number: int) -> int:
    """Which form of a noun follows a number, by the grammar and not by gettext's rule."""
    if language == "ro":
        return 0 if number == 1 else 1
    if number % 10 == 1 and number % 100 != 11:
        return 0
    return 1 if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14) else 2


def with_nouns(language: str, text: str) -> Iterator[tuple[int, str, str]]:
    """Each number of a text with the word after it, and what stands between."""
    for found in re.finditer(r"(?<![\d.,–-])(\d+) (de )?(\w+)", text):
        yield int(found[1]), found[2] or "", found[3]


def wrong(language: str, text: str) -> list[str]:
    """The numbers whose noun has another form, or, in Romanian, another link."""
    forms = [row.split() for row in NOUNS[language]]
    known = {word for row in forms for word in row}
    bad = []
    for number, link, noun in with_nouns(language, text):
        if noun not in known:
            continue
        right = noun in {row[form(language, number)] for row in forms}
        if language == "ro":
            right = right and bool(link) == (number % 100 >= 20 or (number % 100 == 0 and number > 0))
        if not right:
            bad.append(f"{number} {link}{noun}")
    return bad


def test_every_package_is_read() -> None:
    assert PACKAGES == ["analytics", "attribution", "common", "connectors", "links", "rewards", "ui"]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ro", "30 zile"),
        ("ro", "19 de zile"),
        ("ro", "101 de zile"),
        ("ro", "100 zile"),
        ("ru", "21 дней"),
        ("ru", "11 день"),
        ("uk", "вікно 22 днів"),
    ],
)
def test_a_wrong_noun_is_seen(language: str, text: str) -> None:
    assert wrong(language, text)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("number", COUNTS)
def test_a_noun_agrees_with_its_number(language: str, number: int) -> None:
    nouns = {word for row in NOUNS[language] for word in row.split()}
    for package, one, many in counted(language):
        speech = load_speech(language, (ROOT / package / "locale",))
        names = set(re.findall(r"%\((\w+)\)s", one + many)) - {"n", "num"}
        text = speech.count(one, many, number, n=number, num=number, **dict.fromkeys(names, "…"))
        assert wrong(language, text) == [], text
        for _, _, noun in with_nouns(language, text):
            assert noun in nouns, f"{text}: {noun!r} is in no row of NOUNS"


@pytest.mark.parametrize(
    ("language", "days"),
    [
        ("ru", "1 день, 2 дня, 5 дней, 20 дней, 21 день, 100 дней, 101 день"),
        ("uk", "1 день, 2 дні, 5 днів, 20 днів, 21 день, 100 днів, 101 день"),
        ("ro", "1 zi, 2 zile, 5 zile, 20 de zile, 21 de zile, 100 de zile, 101 zile"),
    ],
)
@pytest.mark.parametrize("package", ["attribution", "links"])
def test_days(package: str, language: str, days: str) -> None:
    speech = load_speech(language, (ROOT / package / "locale",))
    assert ", ".join(speech.count("%(n)s day", "%(n)s days", n) for n in (1, 2, 5, 20, 21, 100, 101)) == days


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_number_that_is_filled_in_has_plural_forms(language: str) -> None:
    """Before a noun stands either a message that counts, or a number written out."""
    nouns = {word for row in NOUNS[language] for word in row.split()}
    for package, id, text in translations(language):
        if isinstance(id, str):
            assert wrong(language, text) == [], (package, text)
            followed = re.findall(r"(?<!№.)%\(\w+\)s (?:de )?(\w+)", text)  # what № names, it does not count
            assert not nouns.intersection(followed), (package, text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_thing_has_one_word(language: str) -> None:
    for package, _, text in translations(language):
        for stem, instead in NEVER[language].items():
            assert not re.search(rf"\b{stem}", text.lower()), (package, text, instead)


def test_romanian_says_dumneavoastra() -> None:
    for package, _, text in translations("ro"):
        for sentence in re.split(r"[.:;,?!] ", text.lower()):
            assert not re.match(rf"(?:{'|'.join(TU)})\b", sentence), (package, text)
        assert not YOURS.intersection(re.findall(r"\w+", text.lower())), (package, text)


@pytest.mark.parametrize("language", ["ru", "uk"])
def test_russian_and_ukrainian_say_vy(language: str) -> None:
    familiar = {"ты", "тебя", "тебе", "твой", "твоя", "твои", "ти", "твій", "твої"}
    for package, _, text in translations(language):
        assert not familiar.intersection(re.findall(r"\w+", text.lower())), (package, text)
