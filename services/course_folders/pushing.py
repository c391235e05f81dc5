"""Write a version of a course through the public API, as a folder has it."""

import hashlib
from typing import Any

from services.client import Api, RefusedError
from services.course_folders.reading import Folder


def push(api: Api, folder: Folder, *, draft: bool = False) -> dict[str, Any]:
    """Make the course if need be, upload the files that it does not have, and write a version; raises RefusedError."""
    key = folder.course["key"]
    try:
        api.post("/v1/courses", folder.course)
    except RefusedError as refused:
        if refused.status != 409:
            raise
    path = f"/v1/courses/{key}/assets"
    there = {asset["hash"] for asset in api.all(path)} if folder.files else set()
    assets: dict[str, str] = {}
    for name, file in folder.files.items():
        content = file.read_bytes()
        assets[name] = hashlib.sha256(content).hexdigest()
        if assets[name] not in there:
            api.upload(path, content, "application/octet-stream", name=name)
    made: dict[str, Any] = api.post(f"/v1/courses/{key}/versions", {**folder.version, "assets": assets, "draft": draft})
    return made
