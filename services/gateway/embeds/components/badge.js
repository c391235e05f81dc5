/** `<shareload-badge certificate="...">`: a badge, and whether it holds; takes the code of its public page, or its address. */

import { Part, make } from "./part.js";

export class ShareloadBadge extends Part {
  static attributes = ["certificate"];

  async render() {
    const code = encodeURIComponent(this.certificate.split("/").pop());
    try {
      const badge = await (await this.asker.fetch(`/verify/${code}`)).json();
      const page = new URL(`/verify/${code}`, this.asker.base);
      const link = make("a", { href: page, target: "_blank", rel: "noopener" }, this.say("badge_check"));
      this.place.replaceChildren(
        make(
          "div",
          { className: "badge" },
          make("img", { src: `${page}/picture.svg`, alt: "" }),
          make(
            "div",
            {},
            make("p", {}, make("strong", {}, badge.title), badge.holder ? ` · ${badge.holder.name}` : ""),
            make("p", {}, this.say(badge.valid ? "badge_valid" : "badge_not"), " ", make("span", { lang: "en" }, badge.why)),
            make("p", {}, link),
          ),
        ),
      );
      this.tell("shareload-verified", badge);
    } catch (error) {
      this.place.replaceChildren(make("p", { role: "alert" }, error.message));
    }
  }
}
