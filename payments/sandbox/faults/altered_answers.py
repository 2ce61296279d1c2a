"""Faults whose answers are well-formed and untrue: each function makes the untrue answer out of the true one."""

import json
from collections.abc import Callable
from typing import Any

from payments.sandbox.faults.exchange import Strike, StruckExchange, after_the_work

ELSEWHERE = "http://169.254.169.254/latest/meta-data"
URLS = {"uri", "manage", "redirect", "authServer", "resourceServer"}


def altered(change: Callable[[Any], Any]) -> Strike:
    """The request is done, and its JSON answer sent as `change` makes it."""

    async def struck(exchange: StruckExchange, _: float) -> None:
        answer = exchange.answer
        if answer.is_json:  # a 204 and a plain text say nothing that could be turned round
            untrue = change(json.loads(answer.body))
            answer = answer.with_body(json.dumps(untrue, separators=(",", ":")).encode())
        await exchange.reply(answer)

    return after_the_work(struck)


def types(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: types(member) for name, member in value.items()}
    if isinstance(value, list):
        return [types(member) for member in value]
    if isinstance(value, bool) or value is None:
        return "yes"
    return len(value) if isinstance(value, str) else str(value)


def larger_amounts(answer: Any) -> Any:
    return _amounts(answer, lambda amount: {**amount, "value": str(int(amount["value"]) * 2 + 1)})


def another_asset(answer: Any) -> Any:
    return _amounts(answer, lambda amount: {**amount, "assetCode": "XTS"})


def another_scale(answer: Any) -> Any:
    return _amounts(answer, lambda amount: {**amount, "assetScale": amount["assetScale"] + 1})


def only_in(name: str, change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """`change` of nothing but the members of that name, wherever they stand."""

    def changed(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: change(member) if key == name else changed(member) for key, member in value.items()}
        return [changed(member) for member in value] if isinstance(value, list) else value

    return changed


def another_receiver(answer: Any) -> Any:
    return _named(answer, {"receiver"}, lambda url: url[:-1] + ("0" if url[-1] != "0" else "1"))


def another_wallet(answer: Any) -> Any:
    """Also the one that is confirmed to be the payer's own."""
    answer = _named(answer, {"walletAddress"}, lambda url: f"{url}-other")
    if not isinstance(answer, dict) or "subject" not in answer:
        return answer
    ids = [{**each, "id": f"{each['id']}-other"} for each in answer["subject"]["sub_ids"]]
    return {**answer, "subject": {"sub_ids": ids}}


def private_urls(answer: Any) -> Any:
    return _named(answer, URLS, lambda _: ELSEWHERE)


def no_interval(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: no_interval(member) for name, member in value.items() if name != "interval"}
    return [no_interval(member) for member in value] if isinstance(value, list) else value


def _amounts(value: Any, change: Callable[[dict[str, Any]], Any]) -> Any:
    if isinstance(value, dict):
        if {"value", "assetCode", "assetScale"} <= set(value):
            return change(value)
        return {name: _amounts(member, change) for name, member in value.items()}
    return [_amounts(member, change) for member in value] if isinstance(value, list) else value


def _named(value: Any, names: set[str], change: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {
            name: change(member) if name in names and isinstance(member, str) else _named(member, names, change)
            for name, member in value.items()
        }
    return [_named(member, names, change) for member in value] if isinstance(value, list) else value
