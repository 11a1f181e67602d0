"""Signs up the owner of a fresh Home Assistant without a browser and stores a long-lived access token.

usage: onboard.py URL DIRECTORY [AREAS.json]

Waits until Home Assistant reports RUNNING. DIRECTORY/token (mode 0600) is reused while it works. AREAS.json, an object of
area names with lists of entity ids, furnishes the house once. Needs aiohttp, which Home Assistant's own environment has.
"""

import asyncio
import json
import os
import pathlib
import secrets
import sys
import time

import aiohttp


def write_secret(path: pathlib.Path, text: str) -> None:
    temporary = path.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.write(descriptor, text.encode())
    os.close(descriptor)
    temporary.replace(path)


async def expect(response: aiohttp.ClientResponse, what: str) -> dict:
    if response.status != 200:
        raise SystemExit(f"Home Assistant refused to {what}: HTTP {response.status} {await response.text()}")
    return await response.json()


async def wait_until_running(session: aiohttp.ClientSession, url: str, token: str, limit: float = 120) -> None:
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        async with session.get(url + "/api/config", headers={"Authorization": "Bearer " + token}) as response:
            if response.status == 200 and (await response.json()).get("state") == "RUNNING":
                return
        await asyncio.sleep(0.1)
    raise SystemExit(f"Home Assistant answers but did not finish starting within {limit:.0f} s.")


async def works(session: aiohttp.ClientSession, url: str, token: str) -> bool:
    async with session.get(url + "/api/", headers={"Authorization": "Bearer " + token}) as response:
        return response.status == 200


async def sign_up_or_in(session: aiohttp.ClientSession, url: str, directory: pathlib.Path) -> str:
    """Returns an access token that lives half an hour."""
    client, password_file = url + "/", directory / "owner-password"
    # The onboarding address exists only until every step is done.
    async with session.get(url + "/api/onboarding") as response:
        steps = await response.json() if response.status == 200 else []
    if any(step["step"] == "user" and not step["done"] for step in steps):
        password = secrets.token_urlsafe(18)
        write_secret(password_file, password)
        person = {"client_id": client, "name": "Owner", "username": "owner", "password": password, "language": "en"}
        code = (await expect(await session.post(url + "/api/onboarding/users", json=person), "sign up its owner"))["auth_code"]
    else:
        flow = {"client_id": client, "handler": ["homeassistant", None], "redirect_uri": client}
        flow_id = (await expect(await session.post(url + "/auth/login_flow", json=flow), "start a login"))["flow_id"]
        login = {"client_id": client, "username": "owner", "password": password_file.read_text()}
        answer = await expect(await session.post(f"{url}/auth/login_flow/{flow_id}", json=login), "log its owner in")
        if answer.get("type") != "create_entry":
            raise SystemExit(f"Home Assistant refused the owner's password in {password_file}: {answer.get('errors')}")
        code = answer["result"]
    form = {"client_id": client, "grant_type": "authorization_code", "code": code}
    return (await expect(await session.post(url + "/auth/token", data=form), "give a token"))["access_token"]


async def commands(session: aiohttp.ClientSession, url: str, token: str, wanted: list[dict]) -> list:
    """Runs WebSocket commands one after the other and returns their results."""
    results = []
    async with session.ws_connect(url + "/api/websocket", max_msg_size=0) as socket:
        await socket.receive_json()
        await socket.send_json({"type": "auth", "access_token": token})
        if (await socket.receive_json())["type"] != "auth_ok":
            raise SystemExit("Home Assistant refused the token that it has just given.")
        for number, command in enumerate(wanted, 1):
            await socket.send_json({"id": number, **command})
            answer = await socket.receive_json()
            if not answer.get("success"):
                raise SystemExit(f"Home Assistant refused {command['type']}: {answer.get('error')}")
            results.append(answer["result"])
    return results


def plain(name: str) -> str:
    return name.casefold().replace(" ", "")


async def furnish(session: aiohttp.ClientSession, url: str, token: str, areas: dict[str, list[str]]) -> None:
    existing, entities = await commands(
        session, url, token, [{"type": "config/area_registry/list"}, {"type": "config/entity_registry/list"}]
    )
    # A new house has rooms of its own, and two names that differ only in case and spaces are one to Home Assistant.
    ids = {plain(area["name"]): area["area_id"] for area in existing}
    missing = [name for name in areas if plain(name) not in ids]
    created = await commands(session, url, token, [{"type": "config/area_registry/create", "name": name} for name in missing])
    ids.update({plain(area["name"]): area["area_id"] for area in created})
    placed = {entity["entity_id"]: entity["area_id"] for entity in entities}
    moves = [
        {"type": "config/entity_registry/update", "entity_id": entity, "area_id": ids[plain(name)]}
        for name, members in areas.items()
        for entity in members
        if entity in placed and placed[entity] != ids[plain(name)]
    ]
    await commands(session, url, token, moves)


async def main(url: str, directory: pathlib.Path, areas: dict[str, list[str]]) -> None:
    token_file = directory / "token"
    async with aiohttp.ClientSession() as session:
        if token_file.exists() and await works(session, url, token_file.read_text()):
            await wait_until_running(session, url, token_file.read_text())
            return
        access = await sign_up_or_in(session, url, directory)
        await wait_until_running(session, url, access)
        if areas:
            await furnish(session, url, access, areas)
        # A client name can be used once; the days are ten years.
        name = f"ha-bridge {time.time_ns() // 1_000_000}"
        request = {"type": "auth/long_lived_access_token", "client_name": name, "lifespan": 3650}
        write_secret(token_file, (await commands(session, url, access, [request]))[0])


asyncio.run(
    main(
        sys.argv[1].rstrip("/"),
        pathlib.Path(sys.argv[2]),
        json.loads(pathlib.Path(sys.argv[3]).read_text()) if len(sys.argv) > 3 else {},
    )
)
