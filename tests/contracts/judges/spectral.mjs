// Prints what Spectral finds in the OpenAPI document that it is given, by its own rules and those after OWASP's list.
// Schemas are judged where they are defined, once; written out wherever they are referred to, they take half a minute.
import { readFileSync } from "node:fs";
import core from "@stoplight/spectral-core";
import resolvers from "@stoplight/spectral-ref-resolver";
import rulesets from "@stoplight/spectral-rulesets";
import owasp from "@stoplight/spectral-owasp-ruleset";

const document = JSON.parse(readFileSync(process.argv[2], "utf8"));
const named = (reference) => reference.split("/").slice(1).reduce((place, name) => place[name], document);
for (const item of Object.values(document.paths)) {
  for (const operation of Object.values(item)) {
    for (const [status, answer] of Object.entries(operation.responses)) {
      const whole = "$ref" in answer ? named(answer.$ref) : answer;
      const headers = Object.entries(whole.headers).map(([name, header]) => [name, "$ref" in header ? named(header.$ref) : header]);
      operation.responses[status] = { ...whole, headers: Object.fromEntries(headers) };
    }
  }
}
delete document.components.responses;
delete document.components.headers;

const spectral = new core.Spectral({ resolver: new resolvers.Resolver({ dereferenceInline: false }) });
spectral.setRuleset({
  extends: [rulesets.oas, owasp.default ?? owasp],
  rules: {
    "oas3-parameter-description": "warn",
    // These follow references; tests/gateway/test_documents.py sees to what they look for.
    "oas3-unused-component": "off",
    "oas3-valid-media-example": "off",
    "oas3-valid-schema-example": "off",
  },
});
const found = await spectral.run(document);
process.stdout.write(JSON.stringify(found.map(({ code, path, message }) => `${code}: ${path.join("/")}: ${message}`)));
