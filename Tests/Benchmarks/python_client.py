"""What the bridge is compared with: a client that does nothing but read events and COPY them, with orjson and asyncpg.

usage: python_client.py URL DATABASE_URL TABLE

No spool, no ids, no vectors, no row security, no reconnect. It takes the events of one connection into TABLE, in batches of up to
10,000 rows, and says "ready" once it has subscribed.
"""

import asyncio
import sys
import uuid
from datetime import datetime

import aiohttp
import asyncpg
import orjson

COLUMNS = ["id", "event_type", "timestamp", "entity_id", "domain", "old_state", "new_state", "attributes", "context_id"]
MOST_ROWS = 10_000


def row(event):
    data = event["data"]
    new, old = data.get("new_state"), data.get("old_state")
    entity = data.get("entity_id")
    return (
        uuid.uuid4(), event["event_type"], datetime.fromisoformat(event["time_fired"]), entity,
        entity.split(".", 1)[0] if entity else None, old and old["state"], new and new["state"],
        orjson.dumps(new["attributes"]).decode() if new else None, event["context"]["id"],
    )


async def write(connection, table, rows, news):
    while True:
        await news.wait()
        news.clear()
        while rows:
            batch = rows[:MOST_ROWS]
            del rows[:MOST_ROWS]
            await connection.copy_records_to_table(table, records=batch, columns=COLUMNS)


async def read(socket, rows, news):
    async for message in socket:
        found = orjson.loads(message.data)
        rows += [row(one["event"]) for one in (found if isinstance(found, list) else [found]) if one.get("type") == "event"]
        news.set()
        await asyncio.sleep(0)


async def main(url, database, table):
    connection = await asyncpg.connect(database)
    rows, news = [], asyncio.Event()
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{url}/api/websocket", max_msg_size=0) as socket:
        await socket.receive()
        await socket.send_str('{"type":"auth","access_token":"fake-token"}')
        await socket.receive()
        await socket.send_str('{"id":1,"type":"subscribe_events"}')
        await socket.receive()
        print("ready", flush=True)
        # What goes wrong in either ends both, with a word.
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(read(socket, rows, news))
            tasks.create_task(write(connection, table, rows, news))


asyncio.run(main(*sys.argv[1:]))
