"""Who is in the demo, what they work on, and how far the money of each job has come."""

from dataclasses import dataclass
from typing import Literal

MXN, USD, EUR, JPY = ("MXN", 2), ("USD", 2), ("EUR", 2), ("JPY", 0)

Fate = Literal[
    "draft", "recruiting", "selected", "quoted", "authorisation", "waiting", "declined", "expired", "broke", "sent",
    "settled", "held", "drawn", "escrow", "refunded", "cash",
]  # fmt: skip


#: The work of everybody, or of the first only, is accepted before anything is asked for.
ACCEPTED = {"settled", "drawn", "refunded", "cash"}


@dataclass(frozen=True)
class Person:
    """`balance` in minor units; None for somebody who has no wallet yet."""

    key: str
    name: str
    language: str
    asset: tuple[str, int]
    balance: int | None
    organisation: bool = False
    fee: tuple[int, int] = (0, 0)  # fixed minor units, and basis points

    @property
    def email(self) -> str:
        return f"{self.key}@example.org"


FUNDERS = (
    Person("casa-de-la-palabra", "Casa de la Palabra, A.C.", "es", MXN, 2_500_000_00, organisation=True),
    Person("voices-archive", "Endangered Voices Archive", "en", USD, 180_000_00, organisation=True),
    Person("stiftung-mundart", "Stiftung Mundart", "en", EUR, 90_000_00, organisation=True, fee=(25, 100)),
    Person("hikari-books", "Hikari Picture Books", "en", JPY, 9_000_000, organisation=True),
    Person("radio-nomndaa", "Radio Ñomndaa", "es", MXN, 40_00, organisation=True),
)
#: What their accounts need, by key: legal name, tax id, address, default reference, accounts contact.
ORGANISATIONS = {
    "casa-de-la-palabra": (
        "Casa de la Palabra, A.C.", "CPA010203AB1", "Calle Reforma 12\nOaxaca de Juárez, México", "", "Elena Robles",
    ),
    "voices-archive": (
        "Endangered Voices Archive, Inc.", "47-1234567", "18 Elm Street\nSanta Fe, NM", "EVA-GENERAL", "June Park",
    ),
}  # fmt: skip
WORKERS = (
    Person("citlali", "Citlali Xochitiotzin", "es", MXN, 120_00),
    Person("eustaquio", "Eustaquio Jiménez Girón", "es", MXN, 0),
    Person("natalia", "Natalia Toledo Paz", "es", MXN, 35_50),
    Person("briceida", "Briceida Cuevas Cob", "es", MXN, 0),
    Person("mardonio", "Mardonio Carballo", "es", MXN, 800_00),
    Person("isaac", "Isaac Esau Carrillo", "es", MXN, 0),
    Person("marisol", "Marisol Ceh Moo", "en", USD, 0),
    Person("ruperta", "Ruperta Bautista Vázquez", "es", MXN, None),
)


@dataclass(frozen=True)
class Work:
    """One job. `days` ago it began; `worker` is who was selected, `budget` in major units of `asset`."""

    title: str
    language: str
    deliverables: tuple[str, ...]
    funder: str
    budget: str
    fate: Fate
    days: float
    worker: str = ""
    others: tuple[str, ...] = ()
    reference: str = ""
    description: str = ""
    asset: tuple[str, int] = MXN
    team: tuple[str, ...] = ()  # also selected, and paid under the same approval
    seller: str = ""  # who asks, when it is not the default
    side: Literal["receive", "debit"] = "receive"  # whether the worker gets exactly the budget, or the funder pays it


@dataclass(frozen=True)
class StandingBudgetStory:
    """A standing budget of the funder `key`, approved `days` ago, in major units of their currency."""

    key: str
    limit: str
    largest: str
    days: float
    months: int = 6


@dataclass(frozen=True)
class PaidByHand:
    """Somebody had the wallet of the worker `key` receive `amount` (major units), past the program."""

    key: str
    amount: str
    days: float


#: So many days ago the platform began: a month that is over lies in between, whatever day it is.
BEGAN = 37.0
STANDING = StandingBudgetStory("casa-de-la-palabra", "12000.00", "5000.00", 23)
#: Who proved that their wallet is theirs.
PROVEN = "natalia"
#: So many days ago finance imported a statement of the wallet that holds money.
STATEMENT = 4.1
BY_HAND = PaidByHand("mardonio", "350.00", 1.4)


JOBS = (
    Work("Health leaflet on dengue", "Nahuatl of the Huasteca", ("text",), "casa-de-la-palabra", "1850.00", "settled",
         36.2, "citlali", ("mardonio",), "PO-2211", "Two pages, plain words, for community clinics."),
    Work("Forty proverbs, read aloud", "Isthmus Zapotec", ("audio",), "voices-archive", "2400.00", "settled",
         34.4, "natalia", ("eustaquio",), "EVA-77", "One file per proverb, with a pause after each."),
    Work("Cover for a children's book", "Yucatec Maya", ("image",), "hikari-books", "5200.00", "settled",
         12.1, "briceida", ("isaac",), "HK-0093", "The rabbit and the moon, in two colours."),
    Work("Subtitles for a short film", "Mixe of Ayutla", ("text", "video"), "stiftung-mundart", "3100.00", "settled",
         8.3, "eustaquio", (), "SM-2026-14", "Eleven minutes, one hundred and twenty lines."),
    Work("Recipes, recorded at the hearth", "Yucatec Maya", ("audio",), "voices-archive", "140.00", "settled",
         2.9, "marisol", (), "EVA-82", "Seven recipes, with the sounds of the kitchen.", USD),
    Work("Names of medicinal plants", "Mixtec of the Highlands", ("text",), "casa-de-la-palabra", "1600.00", "drawn",
         14.3, "isaac", (), "PO-2231", "Sixty names, from the herb market's own vendors."),
    Work("Loudspeaker notice on the harvest", "Nahuatl of the Huasteca", ("audio",), "casa-de-la-palabra", "900.00",
         "drawn", 5.2, "eustaquio", (), "PO-2238", "One minute."),
    Work("Stories of the market", "Isthmus Zapotec", ("audio", "text"), "casa-de-la-palabra", "2200.00", "escrow",
         9.1, "natalia", (), "PO-2234", "Tequio Radio holds the money until the recordings are accepted.",
         team=("briceida",), seller="tequio-radio"),
    Work("Weather proverbs", "Tseltal", ("text",), "stiftung-mundart", "150.00", "settled",
         7.2, "isaac", (), "SM-2026-16", "The foundation pays exactly 150.00 EUR; the writer gets what that buys.", EUR,
         side="debit"),
    Work("Bus stop announcements", "Purépecha", ("audio",), "casa-de-la-palabra", "1400.00", "refunded",
         6.1, "mardonio", (), "PO-2236", "Two of the seven stops were dropped, and paid back."),
    Work("Riddles for a radio hour", "Nahuatl of the Huasteca", ("audio",), "casa-de-la-palabra", "1333.35", "settled",
         1.8, "citlali", (), "PO-2262", "Each speaker records ten riddles.", team=("eustaquio", "natalia"),
         seller="tequio-radio"),
    Work("Song of the corn harvest", "Isthmus Zapotec", ("audio",), "casa-de-la-palabra", "600.00", "cash",
         11.3, "ruperta", (), "PO-2228", "Recorded at the office, and paid there: the singer has no wallet yet."),
    Work("Alphabet posters", "Tseltal", ("image",), "voices-archive", "1100.00", "held",
         1.2, "mardonio", (), "EVA-83", "Paid as each poster is accepted.", team=("briceida",)),
    Work("Names of the stars", "Yucatec Maya", ("text", "image"), "radio-nomndaa", "60.00", "sent",
         0.4, "marisol", (), "", "A one-page chart for schools.", USD),
    Work("Radio spot on water", "Amuzgo", ("audio",), "radio-nomndaa", "900.00", "broke",
         3.2, "isaac", (), "", "Thirty seconds, two voices."),
    Work("Lullabies of the Sierra", "Mazatec", ("audio",), "voices-archive", "1500.00", "declined",
         6.5, "natalia", ("briceida",), "EVA-80", "Five recordings with consent of the singers."),
    Work("Sign panels for the market", "Purépecha", ("text", "image"), "casa-de-la-palabra", "2750.00", "expired",
         18.0, "citlali", (), "PO-2215", "Twelve panels."),
    Work("Seed catalogue, illustrated", "Mixtec of the Highlands", ("image",), "stiftung-mundart", "6200.00", "waiting",
         2.4, "isaac", ("briceida",), "SM-2026-19", "Thirty drawings of maize, beans and squash."),
    Work("Earthquake drill announcements", "Zapotec of the Valleys", ("audio",), "voices-archive", "1200.00", "waiting",
         0.6, "eustaquio", (), "EVA-84", "Calm voice, four lengths."),
    Work("Dictionary of weaving", "Tseltal", ("text", "image"), "casa-de-la-palabra", "24000.00", "authorisation",
         0.9, "mardonio", (), "PO-2260", "Six hundred entries with drawings."),
    Work("Bedtime story for a podcast", "Huichol", ("audio",), "hikari-books", "1800.00", "quoted",
         0.2, "briceida", (), "HK-0101", "Eight minutes."),
    Work("Vaccination reminders", "Nahuatl of the Huasteca", ("audio",), "casa-de-la-palabra", "1250.00", "selected",
         0.1, "citlali", ("mardonio", "ruperta"), "PO-2271", "Three short messages for loudspeakers."),
    Work("Poem for a mural", "Isthmus Zapotec", ("text",), "voices-archive", "950.00", "selected",
         0.1, "ruperta", ("natalia",), "EVA-88", "Four lines. The selected poet has no wallet yet."),
    Work("Interviews with midwives", "Tsotsil", ("audio", "text"), "stiftung-mundart", "3600.00", "recruiting",
         1.5, "", ("isaac", "mardonio"), "SM-2026-22", "Six interviews and their transcripts."),
    Work("School songbook", "Totonac", ("text", "audio"), "casa-de-la-palabra", "5400.00", "draft", 0.3),
)  # fmt: skip
#: The one to try first.
FIRST_JOB = "Vaccination reminders"
#: The platform's accounts: id, name, the fee on top of what workers get, in basis points, and who approves what is paid
#: out of money that it holds, where it may. The first is the default.
SELLERS = (("tequio", "Tequio Marketplace", 0, ""), ("tequio-radio", "Tequio Radio", 250, "treasury@example.org"))
AUTHORISATION_LIMIT = (MXN, 20_000_00)
