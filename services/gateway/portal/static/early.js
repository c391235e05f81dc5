/** Keys pressed before the page's scripts listen, and on the page before while it was going, are kept in `window.early`.
 *
 * A plain script in the head: it must run before whoever works by keyboard is faster than the page.
 */
{
  const KEPT = "early";
  const LONGEST = 5000;
  const { at = 0, keys = [] } = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
  const pressed = Date.now() - at < LONGEST ? keys : [];
  sessionStorage.removeItem(KEPT);
  const keep = (event) => {
    const writes = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (!/^[a-z?]$/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey || writes) return;
    pressed.push(event.key);
    event.stopImmediatePropagation();
    event.preventDefault();
  };
  addEventListener("keydown", keep, true);
  window.early = {
    /** From now on keys are the page's; return those that were kept. */
    take() {
      removeEventListener("keydown", keep, true);
      return pressed.splice(0);
    },
    /** The page is going: keep what is pressed for the one that comes. */
    leave() {
      addEventListener("keydown", keep, true);
      addEventListener("pageshow", () => removeEventListener("keydown", keep, true), { once: true });
      addEventListener("pagehide", () => sessionStorage.setItem(KEPT, JSON.stringify({ at: Date.now(), keys: pressed })), { once: true });
    },
  };
}
