/** How a page asks the gateway: with a token that it is given, and asks for again when that has ended. */

export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail ?? `The server answered ${status}.`);
    this.status = status;
  }
}

export class Asker {
  #token = null;

  /** `provide(again)` returns a token or nothing; `again` says that the one before no longer works. */
  constructor(base, provide = () => null) {
    this.base = base;
    this.provide = provide;
  }

  async fetch(path, options = {}) {
    this.#token ??= (await this.provide(false)) ?? null;
    let response = await this.#send(path, options);
    if (response.status === 401) {
      const renewed = (await this.provide(true)) ?? null;
      if (renewed !== null && renewed !== this.#token) {
        this.#token = renewed;
        response = await this.#send(path, options);
      }
    }
    if (!response.ok) throw new Refused(response.status, await response.json().catch(() => ({})));
    return response;
  }

  #send(path, { method = "GET", accept = "application/json", body } = {}) {
    const headers = { Accept: accept };
    if (this.#token) headers.Authorization = `Bearer ${this.#token}`;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    return fetch(new URL(path, this.base), {
      method, headers, cache: "no-cache", body: body === undefined ? undefined : JSON.stringify(body),
    });
  }
}
