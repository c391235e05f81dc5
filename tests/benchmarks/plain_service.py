"""A FastAPI service that does nothing but answer: what stands behind both proxies, and the measure of reads and writes."""

from fastapi import FastAPI
from fastapi.responses import Response

from services.training.schemas.people import PersonIn

app = FastAPI()
BODY = b'{"key":"bench","title":"Bench","version":1,"sections":[],"text":"' + b"x" * 1024 + b'"}'


@app.get("/hello")
async def say_hello() -> dict[str, str]:
    """The bare measure."""
    return {"hello": "world"}


@app.post("/people", status_code=201)
async def parse_person(body: PersonIn) -> dict[str, str]:
    """The bare measure of a write: a body is parsed, and nothing comes of it."""
    return {"hello": body.name}


@app.get("/v1/policies/{key}")
async def get_policy(key: str) -> Response:
    """About a kilobyte, as a service answers it; `key` is read and not used."""
    return Response(BODY, media_type="application/json", headers={"ETag": '"1"', "X-Key": key})
