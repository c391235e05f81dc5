// Print how another parser of GIFT reads files: a JSON list with one list of questions per file.
import { readFileSync } from "node:fs";
import gift from "gift-pegjs";

const read = process.argv.slice(2).map((file) => gift.parse(readFileSync(file, "utf8")));
process.stdout.write(JSON.stringify(read));
