"""Answers that are well-formed and untrue."""

from typing import Any

ELSEWHERE = "http://169.254.169.254/latest/meta-data"
URLS = {"uri", "manage", "redirect", "authServer", "resourceServer"}


def told(do: str, answer: Any) -> Any:
    """The answer with the lie `do` in it."""
    match do:
        case "wrong-types":
            return _types(answer)
        case "wrong-amount":
            return _amounts(answer, lambda amount: {**amount, "value": str(int(amount["value"]) * 2 + 1)})
        case "wrong-asset":
            return _amounts(answer, lambda amount: {**amount, "assetCode": "XTS"})
        case "wrong-receiver":
            return _named(answer, {"receiver"}, lambda url: url[:-1] + ("0" if url[-1] != "0" else "1"))
        case "wrong-wallet":
            return _subjects(_named(answer, {"walletAddress"}, lambda url: f"{url}-other"))
        case "private-urls":
            return _named(answer, URLS, lambda _: ELSEWHERE)
        case "no-interval":
            return _without(answer, "interval")
    raise AssertionError(do)


def _without(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {key: _without(member, name) for key, member in value.items() if key != name}
    return [_without(member, name) for member in value] if isinstance(value, list) else value


def _subjects(answer: Any) -> Any:
    """Another person's wallet address is said to be theirs."""
    if not isinstance(answer, dict) or "subject" not in answer:
        return answer
    ids = [{**each, "id": f"{each['id']}-other"} for each in answer["subject"]["sub_ids"]]
    return {**answer, "subject": {"sub_ids": ids}}


def _is_amount(value: Any) -> bool:
    return isinstance(value, dict) and {"value", "assetCode", "assetScale"} <= set(value)


def _amounts(value: Any, change: Any) -> Any:
    if _is_amount(value):
        return change(value)
    if isinstance(value, dict):
        return {name: _amounts(member, change) for name, member in value.items()}
    return [_amounts(member, change) for member in value] if isinstance(value, list) else value


def _named(value: Any, names: set[str], change: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: change(member) if name in names and isinstance(member, str) else _named(member, names, change)
            for name, member in value.items()
        }
    return [_named(member, names, change) for member in value] if isinstance(value, list) else value


def _types(value: Any) -> Any:
    """Texts become numbers and numbers texts."""
    if isinstance(value, dict):
        return {name: _types(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_types(member) for member in value]
    if isinstance(value, bool) or value is None:
        return "yes"
    return len(value) if isinstance(value, str) else str(value)
