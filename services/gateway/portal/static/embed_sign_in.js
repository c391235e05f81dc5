/** The window that a frame opens for its reader to sign in: gives the frame a token, and goes. */

import { post } from "./api.js";

const said = document.querySelector("#on-its-way");

try {
  const { token } = await post("/v1/embed-tokens", { policy: said.dataset.policy });
  if (window.opener) {
    // Only a frame of ours gets it: any page may have opened this window.
    window.opener.postMessage({ shareload: "token", token }, location.origin);
    window.close();
  }
  said.textContent = "You can close this window, and reload the page that you came from.";
} catch (error) {
  said.textContent = error.message;
}
