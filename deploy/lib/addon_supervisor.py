"""Stands in the place of Home Assistant's Supervisor: its proxy to Home Assistant for add-ons, as its api/proxy.py has it.

usage: addon_supervisor.py PORT HOUSE TOKEN-FILE 3<THE-ADD-ON'S-TOKEN
Serves /core/websocket, /core/api/websocket and GET, POST and DELETE below /core/api/ for whoever has the add-on's token, with a
token of its own that the add-on never sees. Needs aiohttp.
"""

import asyncio
import os
import sys

import aiohttp
from aiohttp import WSMsgType, web

port, house, token_file = sys.argv[1:]
ADDON = os.fdopen(3).read().strip()
OWN = open(token_file, encoding="utf-8").read().strip()


async def pump(source, target):
    async for message in source:
        if message.type == WSMsgType.TEXT:
            await target.send_str(message.data)
        elif message.type == WSMsgType.BINARY:
            await target.send_bytes(message.data)
    await target.close()


async def websocket(request):
    server = web.WebSocketResponse(heartbeat=30)
    await server.prepare(request)
    await server.send_json({"type": "auth_required", "ha_version": "2025.4.4"})
    given = await server.receive_json(timeout=10)
    if given.get("access_token") != ADDON:
        await server.send_json({"type": "auth_invalid", "message": "Invalid access"})
        return server
    await server.send_json({"type": "auth_ok", "ha_version": "2025.4.4"})
    async with request.app["session"].ws_connect(house + "/api/websocket", max_msg_size=64 << 20) as client:
        await client.receive_json()
        await client.send_json({"type": "auth", "access_token": OWN})
        if (await client.receive_json())["type"] != "auth_ok":
            return server
        await asyncio.gather(pump(client, server), pump(server, client))
    return server


async def api(request):
    if request.headers.get("Authorization", "").split(" ")[-1] != ADDON:
        raise web.HTTPUnauthorized()
    async with request.app["session"].request(
        request.method, f"{house}/api/{request.match_info['path']}", params=request.query, data=await request.read(),
        headers={"Authorization": f"Bearer {OWN}", "Content-Type": request.content_type},
    ) as answer:
        return web.Response(status=answer.status, body=await answer.read(), content_type=answer.content_type)


async def session(app):
    async with aiohttp.ClientSession() as made:
        app["session"] = made
        yield


app = web.Application()
app.cleanup_ctx.append(session)
app.add_routes([web.get("/core/api/websocket", websocket), web.get("/core/websocket", websocket)])
app.add_routes([web.route(method, "/core/api/{path:.+}", api) for method in ("GET", "POST", "DELETE")])
web.run_app(app, host="127.0.0.1", port=int(port), print=None)
