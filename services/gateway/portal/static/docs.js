// The pages under /docs: a search over what stands on them, and copying of lines.

const field = document.getElementById("docs-search");
const found = document.getElementById("docs-found");
const entries = [...document.querySelectorAll("[data-found]")].map((entry) => ({
  entry,
  text: entry.textContent.toLowerCase(),
}));
const language = document.documentElement.lang;
const words = {
  en: { copy: "Copy", copied: "Copied", count: (number) => (number === 1 ? "1 found" : `${number} found`) },
  de: { copy: "Kopieren", copied: "Kopiert", count: (number) => `${number} gefunden` },
}[language === "de" ? "de" : "en"];

function search() {
  const asked = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  let number = 0;
  for (const { entry, text } of entries) {
    entry.hidden = !asked.every((word) => text.includes(word));
    number += entry.hidden ? 0 : 1;
  }
  for (const group of document.querySelectorAll("[data-group]")) {
    group.hidden = !group.querySelector("[data-found]:not([hidden])");
  }
  found.textContent = asked.length ? words.count(number) : "";
}

function show() {
  const chosen = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const details = chosen?.matches("details") ? chosen : chosen?.querySelector("details");
  if (details) {
    details.open = true;
    chosen.scrollIntoView();
  }
}

for (const line of document.querySelectorAll(".line")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = words.copy;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(line.querySelector("code").textContent);
    button.textContent = words.copied;
    setTimeout(() => (button.textContent = words.copy), 1500);
  });
  line.append(button);
}

field?.addEventListener("input", search);
addEventListener("hashchange", show);
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.target.matches("input, textarea, select")) {
    event.preventDefault();
    field?.focus();
  }
});
search();
show();
