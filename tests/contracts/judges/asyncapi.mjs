// Print what AsyncAPI's own parser finds in documents, hints included: a JSON list with one list per file.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const parser = new Parser();
const findings = [];
for (const file of process.argv.slice(2)) {
  const { diagnostics } = await parser.parse(readFileSync(file, "utf8"));
  findings.push(diagnostics.map(({ code, message, path }) => `${path.join(".")}: ${message} (${code})`));
}
process.stdout.write(JSON.stringify(findings));
