"""`shareload courses`: a course between a folder under version control and the platform."""

from pathlib import Path
from typing import Annotated

import typer

from services.course_folders import FolderError, push, read_folder, write_folder
from services.terminal import api_of, err, out

courses = typer.Typer(help="Courses as folders of Markdown and YAML.", no_args_is_help=True)


@courses.command("push")
def push_course(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The folder with course.yaml.")],
    draft: Annotated[bool, typer.Option(help="Write it as a draft, in force for nobody yet.")] = False,
    check: Annotated[bool, typer.Option(help="Only read the folder, and say what is wrong with it.")] = False,
) -> None:
    """Write a new version of a course from a folder; the course is made if it is not there."""
    try:
        found = read_folder(folder)
    except FolderError as refused:
        for fault in refused.faults:
            err.print(fault, style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    if check:
        out.print(f"{found.course['key']}: {len(found.version['modules'])} modules, {len(found.files)} files")
        return
    with api_of(context) as api:
        made = push(api, found, draft=draft)
    out.print(f"{made['course']} version {made['number']}: {len(made['modules'])} modules, {made['state']}")
    for warning in made["warnings"]:
        said = f"{warning['pointer']}, line {warning['line']}: {warning['message']}"
        err.print(said, style="yellow", markup=False, soft_wrap=True)


@courses.command("pull")
def pull_course(
    context: typer.Context,
    key: Annotated[str, typer.Argument(help="The course's key.")],
    folder: Annotated[Path, typer.Argument(file_okay=False, help="Where to write; made if it is not there.")],
    number: Annotated[int | None, typer.Option("--version", help="The one in force unless named.")] = None,
) -> None:
    """Write a version of a course as a folder, which `push` would make the same version of again."""
    with api_of(context) as api:
        course = api.get(f"/v1/courses/{key}")
        if not number and not course["version"]:
            err.print(f"The course {key} has no version in force.", style="red", markup=False)
            raise typer.Exit(1)
        version = api.get(f"/v1/courses/{key}/versions/{number or course['version']}")
        files = {name: api.download(f"/v1/courses/{key}/assets/{digest}") for name, digest in version["assets"].items()}
    written = write_folder(folder, course, version, files)
    out.print(f"{key} version {version['number']}: {len(written)} files in {folder}")
