// Verifies a webhook's message with the standard's own library, as it came and with one sign changed.
import { Webhook } from "standardwebhooks";

const { secret, headers, body } = JSON.parse(process.argv[2]);
const said = (text) => {
  try {
    return new Webhook(secret).verify(text, headers).type;
  } catch (error) {
    return error.message;
  }
};
console.log(JSON.stringify({ right: said(body), wrong: said(body.replace("tested", "pasted")) }));
