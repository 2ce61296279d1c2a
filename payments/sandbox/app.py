"""The provider as one ASGI application."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette

from payments.sandbox import errors
from payments.sandbox.authorization import server as authorization_server
from payments.sandbox.control import api
from payments.sandbox.faults.connections import Connections
from payments.sandbox.faults.exchange import App
from payments.sandbox.faults.middleware import FaultMiddleware
from payments.sandbox.faults.rules import FaultRules
from payments.sandbox.pages import consent, rendering, wallet_addresses
from payments.sandbox.provider import WalletProvider
from payments.sandbox.resources import incoming, outgoing, quotes, settlement
from payments.sandbox.resources.settlement import Settlement


def application(provider: WalletProvider, connections: Connections, control_key: str) -> App:
    """`control_key` is what whoever steers the provider has to show."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        settling = asyncio.create_task(app.state.settlement.run())
        yield
        settling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await settling
        await provider.close()

    app = Starlette(
        routes=[
            *authorization_server.ROUTES,
            *consent.ROUTES,
            *incoming.ROUTES,
            *quotes.ROUTES,
            *outgoing.ROUTES,
            *settlement.ROUTES,
            *api.ROUTES,
            *rendering.ROUTES,
            # Last: a wallet may have any name that is not a path of ours.
            *wallet_addresses.ROUTES,
        ],
        exception_handlers=dict(errors.HANDLERS),
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.provider = provider
    app.state.control_key = control_key
    app.state.settlement = Settlement(provider)
    app.state.faults = FaultRules()
    return FaultMiddleware(app, provider, app.state.faults, connections)
