/** Puts together what somebody pastes into an intranet, as they choose. */

const form = document.querySelector("#choice");
const escape = (text) => text.replace(/&/g, "&amp;").replace(/"/g, "&quot;").replace(/</g, "&lt;");

function chosen() {
  const data = new FormData(form);
  const policy = data.get("policy");
  const asked = new URLSearchParams();
  const sections = data.getAll("sections");
  if (sections.length) asked.set("sections", sections.join(","));
  if (data.get("theme") !== "auto") asked.set("theme", data.get("theme"));
  if (data.get("lang").trim()) asked.set("lang", data.get("lang").trim());
  return { policy, asked, title: form.elements.policy.selectedOptions[0].text };
}

function compose({ policy, asked, title }) {
  const { base } = form.dataset;
  const query = asked.size ? `?${asked}` : "";
  const address = `${base}/embed/policies/${policy}${query}`;
  const plain = `<iframe src="${escape(address)}" title="${escape(title)}" width="100%" height="600" style="border: 0"></iframe>`;
  const script = `<script type="module" src="${escape(base)}/components/shareload.js"></script>`;
  const attributes = [["key", policy], ...asked].map(([name, value]) => `${name}="${escape(value)}"`).join(" ");
  return { address, plain, html: `${script}\n${plain}`, component: `${script}\n<shareload-policy ${attributes}></shareload-policy>` };
}

function update() {
  const choice = chosen();
  for (const set of form.querySelectorAll("fieldset")) set.hidden = set.disabled = set.dataset.policy !== choice.policy;
  const snippets = compose(choice);
  for (const field of document.querySelectorAll("[data-snippet]")) field.value = snippets[field.dataset.snippet];
  document.querySelector("#restricted").hidden = form.dataset.public.split(" ").includes(choice.policy);
  const query = choice.asked.size ? `?${choice.asked}` : "";
  document.querySelector("#shown").src = `/embed/policies/${choice.policy}${query}`;
}

if (form) {
  form.addEventListener("change", update);
  document.querySelectorAll("[data-snippet] + button").forEach((button) => {
    const field = button.previousElementSibling;
    button.addEventListener("click", async () => {
      field.select();
      await navigator.clipboard.writeText(field.value);
      button.textContent = button.dataset.copied;
    });
  });
  update();
}
