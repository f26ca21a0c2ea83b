// A fetch that trusts the demo's own certificate authority, and one that keeps cookies and follows nothing by itself.

import { request as insecure } from "node:http";
import { request as secure } from "node:https";

/** Like the platform's `fetch`, as far as clients of a provider need it, trusting `authority`; never follows a redirect. */
export function trustingFetch(authority) {
  return async (input, init = {}) => {
    const from = input instanceof Request ? input : undefined;
    const url = new URL(from?.url ?? input);
    const headers = new Headers(init.headers ?? from?.headers);
    let body = init.body ?? (from ? await from.text() : undefined);
    if (body instanceof URLSearchParams) {
      if (!headers.has("content-type")) headers.set("content-type", "application/x-www-form-urlencoded");
      body = body.toString();
    }
    const send = url.protocol === "https:" ? secure : insecure;
    const options = { method: init.method ?? from?.method ?? "GET", headers: Object.fromEntries(headers), ca: authority };
    return new Promise((settle, fail) => {
      const request = send(url, options, (incoming) => {
        const parts = [];
        incoming.on("data", (part) => parts.push(part));
        incoming.on("error", fail);
        incoming.on("end", () => settle(responseOf(incoming, Buffer.concat(parts), url)));
      });
      request.on("error", fail);
      request.end(body || undefined);
    });
  };
}

function responseOf(incoming, body, url) {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    for (const one of [value].flat()) headers.append(name, one);
  }
  const empty = [204, 304].includes(incoming.statusCode);
  const response = new Response(empty ? null : body, { status: incoming.statusCode, headers });
  Object.defineProperty(response, "url", { value: url.href });
  return response;
}

/** One browser's cookies over `trustingFetch`. Attributes are the browser tests' business; here only names and values count. */
export function cookieJar(authority) {
  const fetch = trustingFetch(authority);
  const cookies = new Map();
  return async (url, init = {}) => {
    const headers = new Headers(init.headers);
    if (cookies.size) headers.set("cookie", [...cookies].map(([name, value]) => `${name}=${value}`).join("; "));
    const response = await fetch(url, { ...init, headers });
    for (const line of response.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split(";").map((part) => part.trim());
      const [name, ...value] = pair.split("=");
      const isGone = attributes.some((attribute) => attribute.toLowerCase() === "max-age=0");
      if (isGone) cookies.delete(name);
      else cookies.set(name, value.join("="));
    }
    return response;
  };
}
