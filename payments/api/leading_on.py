"""Of the OpenAPI document: which operations go on with what another one answered, and by which of its fields."""

from typing import Any


def leads_to(parameter: str, field: str, *operations: str) -> dict[str, Any]:
    """For `openapi_extra`: `field` of the answer is `parameter` of the path of each of `operations`, their ids."""
    links = {
        name: {"operationId": name, "parameters": {f"path.{parameter}": f"$response.body#/{field}"}}
        for name in operations
    }
    return {"responses": {200: {"links": links}}}
