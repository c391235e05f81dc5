"""Questions in the files of other systems, read and written; knows no database."""
