"""A course as a folder of Markdown and YAML, as authors keep it under version control."""

from services.course_folders.documents import FolderError
from services.course_folders.pushing import push
from services.course_folders.reading import Folder, read_folder
from services.course_folders.writing import write_folder

__all__ = ["Folder", "FolderError", "push", "read_folder", "write_folder"]
