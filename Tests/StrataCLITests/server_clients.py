"""Drives a server with clients that are not ours: python server_clients.py URL. Prints `ok` at the end."""

import json
import re
import sys
import uuid

import httpx
import jsonschema
import openai

url = sys.argv[1]
document = httpx.get(url + "/openapi.json").json()
checked = set()


def check(response):
    """Holds an answer against the schema that the OpenAPI document has for it."""
    for path, operations in document["paths"].items():
        if re.fullmatch(re.sub("{[^}]*}", "[^/]+", path), response.request.url.path):
            responses = operations[response.request.method.lower()]["responses"]
            media = response.headers.get("content-type", "").split(";")[0]
            schema = (responses.get(str(response.status_code)) or responses["default"])["content"][media]["schema"]
            if media.endswith("json") and media != "application/x-ndjson":
                response.read()
                jsonschema.validate(response.json(), schema | {"components": document["components"]})
                checked.add(path)
            return
    raise AssertionError(f"{response.request.url.path} is not described")


with httpx.Client(base_url=url, event_hooks={"response": [check]}) as client:
    made = client.post("/v1/memories", params={"namespace": "python"}, json={"text": "Zoë plays the cello."})
    assert made.status_code == 201, made.text
    record = made.json()["record"]
    uuid.UUID(record["id"])
    location = client.get(made.headers["location"])
    assert location.json()["text"] == "Zoë plays the cello."
    assert location.headers["etag"] == made.headers["etag"]
    hits = client.post("/v1/recall", params={"namespace": "python"}, json={"query": "cello"}).json()["hits"]
    assert [hit["record"]["id"] for hit in hits] == [record["id"]]
    lines = "".join(json.dumps({"text": f"note {number}"}) + "\n" for number in range(200))
    kind = {"Content-Type": "application/x-ndjson"}
    # A generator is sent in chunks, so the server cannot know the length.
    answer = client.post(
        "/v1/memories", params={"namespace": "python"}, headers=kind, content=(c.encode() for c in lines.split("!")))
    assert [json.loads(line)["status"] for line in answer.text.splitlines()] == ["stored"] * 200
    found, cursor = [], None
    while True:
        page = client.get(
            "/v1/memories", params={"namespace": "python", "limit": 60} | ({"cursor": cursor} if cursor else {})).json()
        found += page["records"]
        cursor = page.get("nextCursor")
        if not cursor:
            break
    assert len({entry["id"] for entry in found}) == len(found) == 201
    with client.stream(
        "GET", "/v1/changes", params={"namespace": "python"}, headers={"Accept": "text/event-stream"}
    ) as stream:
        numbers = []
        for line in stream.iter_lines():
            if line.startswith("id: "):
                numbers.append(int(line[4:]))
            if len(numbers) == 201:
                break
    assert numbers == sorted(numbers)
    problem = client.get("/v1/memories/x")
    assert problem.status_code == 400 and problem.headers["content-type"] == "application/problem+json"
    for path in ["/v1/namespaces", "/v1/stats", "/v1/configuration", "/v1/models", "/readyz", "/livez"]:
        assert client.get(path).status_code == 200
    place = f"/v1/memories/{record['id']}"
    scope = {"params": {"namespace": "python"}}
    assert client.patch(place, json={"importance": 0.75}, **scope).json()["importance"] == 0.75
    assert client.post(place + "/move", json={"layer": "insights"}, **scope).json()["layer"] == "insights"
    assert client.put(place + "/pin", **scope).json()["pinned"]
    assert client.get(place + "/history", **scope).json()["changes"]
    client.post("/v1/recall", json={"query": "cello", "explain": True}, **scope)
    client.post("/v1/memories", json={"memories": [{"text": "x"}, {"text": " "}]}, **scope)
    client.get("/v1/changes", **scope)
    assert client.delete(place, **scope).json()["recordCount"] == 1
    assert client.get(place, **scope).status_code == 404
    assert len(checked) >= 12, checked

service = openai.OpenAI(base_url=url + "/v1", api_key="none", max_retries=0)
models = [model.id for model in service.models.list()]
if models:
    # The client asks for base64 when nobody says otherwise.
    packed = service.embeddings.create(model=models[0], input=["a cat", "a dog"])
    plain = service.embeddings.create(model=models[0], input=["a cat", "a dog"], encoding_format="float")
    for left, right in zip(packed.data, plain.data):
        assert max(abs(a - b) for a, b in zip(left.embedding, right.embedding)) < 1e-6
        assert abs(sum(component**2 for component in left.embedding) - 1) < 1e-3
    assert packed.usage.total_tokens > 0
    for refused in ({"dimensions": 3}, {"model": "no-such-model"}):
        try:
            service.embeddings.create(**({"model": models[0], "input": "a"} | refused))
            raise AssertionError("accepted what cannot be done")
        except (openai.BadRequestError, openai.NotFoundError) as error:
            assert error.type == "invalid_request_error"
else:
    try:
        service.embeddings.create(model="any", input="a")
        raise AssertionError("embedded without a model")
    except openai.InternalServerError as error:
        assert error.status_code == 503

print("ok")
