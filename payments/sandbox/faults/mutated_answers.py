"""Answers that are true but for one thing, and that is what no wallet should ever send: for those who fuzz a client."""

import json
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from payments.sandbox.faults.exchange import RecordedAnswer, Strike, StruckExchange, after_the_work

#: Where a mutation puts JSON text of its own: stands for the value, as a text, until the answer is written.
MARK: Final = "the-mutation-stands-here"
DEEP: Final = 100_000
LONG: Final = 200_000

NUMBERS: Final = (
    *("0", "-0", "-1", "1.0", "1.5", "1e3", "1e400", "-1e400", "1e-400", "9007199254740993", "1" + "0" * 400),
    *("9" * 5000, "NaN", "Infinity", "-Infinity", "01", "0x10", '""', '"-1"', '"+1"', '" 1"', '"1 "', '"1_000"'),
    *('"1e3"', '"1.0"', '"0x10"', '"NaN"', '"9223372036854775807"', '"9223372036854775808"', '"18446744073709551616"'),
    *('"' + "9" * 5000 + '"', '"00000000001"', '"١٢٣"', '"²"', '"-0"'),
)
TYPES: Final = ("null", "true", "false", "0", "7", '""', '"text"', "[]", "{}", "[[]]", "[null]", '{"value":null}')
TEXTS: Final = (
    *(
        r'"\ud800"',
        r'"\udfff\ud800"',
        r'"a\u0000b"',
        r'"\u202eabc"',
        r'"\ufeff"',
        r'"\u2028"',
        '"' + "e\u0301" * 500 + '"',
    ),
    *('" "', r'"\n"', r'"a\r\nX-Injected: b"', r'"\u007f"', '"' + "\U0001f4b8" * 300 + '"', '"\u0130"', '"../../x"'),
    *('"\'; drop table payments_payment; --"', '"%00%ff%zz"', '"<script>alert(1)</script>"', '"{{ 7*7 }}"'),
)
SIZES: Final = ('"' + "x" * LONG + '"', '"' + "x" * 2001 + '"', "[" + "0," * LONG + "0]", '"' + "x" * 256 + '"')
URLS: Final = (
    *("https://xn--a/", "https://xn--a.example/x", "https://a.xn--a/", "https://XN--A/", "https://xn--/", "https://"),
    *(
        "http://wallet.example/",
        "http://127.0.0.1:1/",
        "https://127.0.0.1:1/x",
        "https://[::1]/",
        "https://[::1",
        "//x",
    ),
    *(
        "https://[v1.a]/",
        "https://a..b/",
        "https://w.example:0/",
        "https://w.example:99999/",
        "https://w.example:x/",
        "https://u:p@w.example/",
    ),
    *(
        "javascript:alert(1)",
        "file:///etc/passwd",
        "data:,x",
        "https:wallet.example",
        "/op",
        "https://w.example/#f",
        "?",
    ),
    *(
        "https://ñ.example/",
        "https://w.example/\u00e9",
        "https://w.example/ x",
        "https://w.example\\@c.d/",
        "https://w.example/%zz",
        "https://\ud800/",
    ),
    *(
        "https://" + "a" * 64 + ".example/",
        "https://" + "a." * 130 + "example/",
        "https://w.example/" + "x" * 3000,
        "https://w.example/" + "x" * 1500,
    ),
    *(
        "https://169.254.169.254/latest",
        "https://0x7f000001/",
        "https://xn--and-6ma2c.a_b.example/",
        "https://1.1.1.1.:443/",
    ),
)
#: Such as wallets may have: what keeps them has to hold them, or to refuse them.
LONG_URLS: Final = tuple("https://w.example/".ljust(length, "x") for length in (250, 501, 999, 1001, 1500, 2000))
MOMENTS: Final = (
    *("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-23:59"),
    *("1969-12-31T23:59:59Z", "2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "2016-12-31T23:59:60Z", "2026-01-01"),
    *("2026-01-01T00:00:00", "2026-01-01T00:00:00+99:99", "20260101T000000Z", "10000-01-01T00:00:00Z", "now", "0"),
)
CONTENT_TYPES: Final = (
    *("text/html", "text/plain", "application/octet-stream", "application/json; charset=utf-16", "", "json", ";;;"),
    *("application/json; charset=no-such", "application/vnd.api+json", "x" * 5000),
)
ENCODINGS: Final = ("gzip", "deflate", "br", "zstd", "gzip, gzip", "identity", "x" * 100, "")
STATUSES: Final = (202, 203, 204, 205, 206, 208, 226, 299, 300, 304, 308, 402, 407, 418, 421, 423, 425, 428, 431, 451)
BODILESS: Final = (204, 304)
RETRY_AFTER: Final = (
    *("-1", "soon", "", "1e9", "9" * 400, "1.5", "0", "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT"),
    *("Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 32 Foo 2026 99:99:99 GMT", "2026-01-01T00:00:00Z", "\u00b2"),
)
ERRORS: Final = (
    *('{"error":null}', '{"error":[]}', '{"error":7}', '{"error":"text"}', '{"error":{"code":{},"description":[]}}'),
    *(r'{"error":{"code":"\ud800","description":"a\u0000b"}}', '{"error":{"details":{"minSendAmount":{"value":-1}}}}'),
    *('{"error":{"code":"' + "x" * LONG + '"}}', "[]", "", "{", '{"error":{"error":{"error":{}}}}'),
    *('{"error":{"details":{"minSendAmount":{"value":"1e9","assetCode":"","assetScale":1e400}}}}',),
)
REFUSALS: Final = (
    400,
    401,
    403,
    404,
    405,
    406,
    408,
    409,
    410,
    411,
    413,
    415,
    422,
    425,
    429,
    500,
    501,
    502,
    503,
    504,
    599,
)
BODIES: Final = (
    *(b"", b"null", b"[]", b"{}", b"7", b'"text"', b"true", b"{", b"}", b"\xff", b"\x00", b"NaN", b"\xef\xbb\xbf{}"),
    *(b"{} {}", b'{"a":1,}', b"'{}'", b"[" * DEEP, b'{"a":' * DEEP, b"{}" + b" " * LONG, "{}".encode("utf-16")),
)

Mutation = Callable[[RecordedAnswer, random.Random], RecordedAnswer]
Place = tuple[str | int, ...]


def _values(texts: tuple[str, ...], *, quoted: bool = False, of: str = "") -> Mutation:
    """One value of the answer becomes one of `texts`, which are JSON unless `quoted`.

    It is one that looks like what they are, if there is any: an `of` is in its name or in itself.
    """

    def mutation(answer: RecordedAnswer, dice: random.Random) -> RecordedAnswer:
        content, chosen = json.loads(answer.body), dice.choice(texts)
        places = list(_places(content))
        fitting = [place for place in places if of and (of in str(place[-1:]) or of in str(_at(content, place))[:8])]
        put = _put(content, dice.choice(fitting or places), MARK)
        text = json.dumps(chosen) if quoted else chosen
        return answer.with_body(json.dumps(put).replace(f'"{MARK}"', text).encode("utf-8", "surrogatepass"))

    return mutation


def _missing(answer: RecordedAnswer, dice: random.Random) -> RecordedAnswer:
    content = json.loads(answer.body)
    place = dice.choice(list(_places(content))[1:] or [()])
    return answer.with_body(json.dumps(_put(content, place, None, leave_out=True)).encode())


def _extra(answer: RecordedAnswer, dice: random.Random) -> RecordedAnswer:
    """A member that nobody knows; it must not matter."""
    content = json.loads(answer.body)
    place = dice.choice([place for place in _places(content) if isinstance(_at(content, place), dict)] or [()])
    name = dice.choice(("__proto__", "", "7", "id ", "\ud800", "a\u0000b", "x" * 5000, "pk", "constructor"))
    return answer.with_body(json.dumps(_put(content, (*place, name), dice.choice((None, "text", -1, 1.5)))).encode())


def _twice(answer: RecordedAnswer, dice: random.Random) -> RecordedAnswer:
    """A member stands twice, with different values."""
    content = json.loads(answer.body)
    name = dice.choice(list(content))
    return answer.with_body(f"{{{json.dumps(name)}:{dice.choice(TYPES)},{json.dumps(content)[1:]}".encode())


def _exchanged(answer: RecordedAnswer, dice: random.Random) -> RecordedAnswer:
    """Two values of one type stand in each other's place."""
    content = json.loads(answer.body)
    first = dice.choice(list(_places(content)))
    others = [place for place in _places(content) if type(_at(content, place)) is type(_at(content, first))]
    second = dice.choice(others)
    if first[: len(second)] == second or second[: len(first)] == first:
        return answer
    one, other = _at(content, first), _at(content, second)
    return answer.with_body(json.dumps(_put(_put(content, first, other), second, one)).encode())


def _nested(answer: RecordedAnswer, dice: random.Random) -> RecordedAnswer:
    depth = dice.choice((60, 65, 500, 990, DEEP))
    return _values(("[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth))(answer, dice)


def _header(name: bytes, values: tuple[str, ...]) -> Mutation:
    def mutation(answer: RecordedAnswer, dice: random.Random) -> RecordedAnswer:
        headers = [each for each in answer.headers if each[0].lower() != name]
        return RecordedAnswer(answer.status, [*headers, (name, dice.choice(values).encode())], answer.body)

    return mutation


def _refused(answer: RecordedAnswer, dice: random.Random) -> RecordedAnswer:
    body = dice.choice(ERRORS).encode()
    refused = RecordedAnswer(dice.choice(REFUSALS), answer.headers).with_body(body, "application/json")
    refused.headers.append((b"retry-after", dice.choice(RETRY_AFTER).encode("latin-1")))
    return refused


def _another_status(answer: RecordedAnswer, dice: random.Random) -> RecordedAnswer:
    changed = RecordedAnswer(dice.choice(STATUSES), answer.headers, answer.body)
    if changed.status not in BODILESS:
        return changed
    return RecordedAnswer(changed.status, [each for each in answer.headers if each[0] != b"content-length"])


def _another_body(answer: RecordedAnswer, dice: random.Random) -> RecordedAnswer:
    return answer.with_body(dice.choice(BODIES))


#: Every kind by its name. Those of values need a JSON object to change something in.
MUTATIONS: Final[Mapping[str, Mutation]] = {
    "types": _values(TYPES),
    "numbers": _values(NUMBERS, of="value"),
    "scales": _values(NUMBERS, of="Scale"),
    "seconds": _values(NUMBERS, of="expires_in"),
    "texts": _values(TEXTS),
    "sizes": _values(SIZES),
    "urls": _values(URLS, quoted=True, of="http"),
    "long-urls": _values(LONG_URLS, quoted=True, of="http"),
    "moments": _values(MOMENTS, quoted=True, of="At"),
    "missing": _missing,
    "extra": _extra,
    "twice": _twice,
    "exchanged": _exchanged,
    "nested": _nested,
    "bodies": _another_body,
    "content-types": _header(b"content-type", CONTENT_TYPES),
    "encodings": _header(b"content-encoding", ENCODINGS),
    "statuses": _another_status,
    "refusals": _refused,
}
OF_ANY_ANSWER: Final = ("bodies", "statuses", "refusals")


def mutated(kind: str | None = None) -> Strike:
    """The request is done, and one thing about its answer is changed: of that kind, or of one that the dice choose."""

    async def struck(exchange: StruckExchange, _: float) -> None:
        answer, dice = exchange.answer, exchange.dice
        is_object = answer.is_json and answer.body.startswith(b"{")
        chosen = kind or dice.choice(list(MUTATIONS))
        if not is_object and chosen not in OF_ANY_ANSWER:
            chosen = dice.choice(OF_ANY_ANSWER)
        await exchange.reply(MUTATIONS[chosen](answer, dice))

    return after_the_work(struck)


def _places(value: Any, place: Place = ()) -> Iterator[Place]:
    """Where every value stands in the answer, the whole of it first."""
    yield place
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield from _places(member, (*place, name))


def _at(content: Any, place: Place) -> Any:
    for name in place:
        content = content[name]
    return content


def _put(content: Any, place: Place, value: Any, *, leave_out: bool = False) -> Any:
    """`content` with `value` at `place`, or with nothing there."""
    if not place:
        return {} if leave_out else value
    holder = _at(content, place[:-1])
    if leave_out:
        del holder[place[-1]]
    else:
        holder[place[-1]] = value
    return content
