"""The official MCP client against `strata mcp`: remember, recall, get, forget; a bad argument; an unknown tool.

    mcp_stdio.py MODE STRATA ARGUMENT...      MODE: auto, legacy; then the command as a client would start it

Prints one JSON object of what it saw; exits with 1 when something is not as it must be. The client checks structured
content against each tool's output schema by itself.
"""

import asyncio
import json
import sys

from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.shared.exceptions import MCPError

mode, command, arguments = sys.argv[1], sys.argv[2], sys.argv[3:]


def check(condition, what):
    if not condition:
        print(f"failed: {what}", file=sys.stderr)
        sys.exit(1)


async def call(client, name, **arguments):
    result = await client.call_tool(name, arguments)
    check(not result.is_error, f"{name}: {result.content[0].text}")
    check(json.loads(result.content[0].text) == result.structured_content, f"{name} says the same twice")
    return result.structured_content


async def main():
    server = stdio_client(StdioServerParameters(command=command, args=arguments))
    async with Client(server, mode=mode) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        check(len(tools) <= 10, "at most ten tools")
        check(all(tool.annotations and tool.output_schema for tool in tools.values()), "every tool has hints and a schema")
        check(tools["recall"].annotations.read_only_hint, "recall only reads")
        check(tools["forget"].annotations.destructive_hint, "forget destroys")

        stored = await call(
            client, "remember", text="Nora is allergic to hazelnuts, größte Vorsicht 🥜.", tags=["health"], layer="assets")
        again = await call(client, "remember", text="Nora is allergic to hazelnuts, größte Vorsicht 🥜.")
        check((again["id"], again["status"]) == (stored["id"], "duplicate"), "told twice is stored once")
        await call(client, "remember", text="The workshop opens at nine on Mondays.", occurredAt="2026-05-04T09:00:00Z")
        found = await call(client, "recall", query="What is Nora allergic to?", limit=1)
        check(found["memories"][0]["id"] == stored["id"], "recall finds what was remembered")
        record = await call(client, "get_memory", id=stored["id"])
        check(record["tags"] == ["health"] and record["source"] == "assistant", "get shows the record")
        changed = await call(client, "update_memory", id=stored["id"], pinned=True, ifChange=record["change"])
        check(changed["pinned"], "update pins")
        stale = await client.call_tool("update_memory", {"id": stored["id"], "pinned": False, "ifChange": 0})
        check(stale.is_error and "conflict" in stale.content[0].text, "a stale update is refused")
        page = await call(client, "list_memories", limit=1)
        rest = await call(client, "list_memories", cursor=page["nextCursor"])
        check(len(page["memories"]) == len(rest["memories"]) == 1, "two pages of one")
        counts = await call(client, "memory_stats")
        check(counts["memoryCount"] == 2 and counts["byLayer"]["assets"] == 1, "the counts hold")

        resource = (await client.list_resources()).resources[0]
        text = (await client.read_resource(resource.uri)).contents[0].text
        check("Nora" in text, "a memory can be read as a resource")
        prompt = await client.get_prompt("recall_memories", {"topic": "Nora's allergy"})
        check("hazelnuts" in prompt.messages[0].content.text, "the prompt brings memories along")

        wrong = await client.call_tool("recall", {"query": 7})
        check(wrong.is_error and "query" in wrong.content[0].text, "a bad argument is a result")
        try:
            await client.call_tool("no_such_tool", {})
            check(False, "an unknown tool is an error")
        except MCPError as error:
            check(error.code == -32602, "an unknown tool is -32602")

        gone = await call(client, "forget", ids=[stored["id"]])
        check(gone["forgottenCount"] == 1, "forget removes")
        missing = await client.call_tool("get_memory", {"id": stored["id"]})
        check(missing.is_error and "not_found" in missing.content[0].text, "what was forgotten is gone")
        print(json.dumps({"protocol": client.protocol_version, "server": client.server_info.name,
                          "embeddingSpace": counts.get("embeddingSpace"), "tools": sorted(tools)}))


asyncio.run(main())
