// Walks the pages of a sign-in as a person without a browser would: reads each form, answers it, until an address is reached.

import { freshCode } from "./totp.mjs";

const STEPS_MAX = 20;

/**
 * Follows redirects and answers forms from `start` until the provider sends the browser to an address that begins with
 * `until`; answers that address. `seen` collects the names of the forms in the order in which they came.
 */
export async function walk(fetch, start, person, until, seen = []) {
  let url = new URL(start);
  let response = await fetch(url);
  for (let step = 0; step < STEPS_MAX; step += 1) {
    const location = response.headers.get("location");
    if (location) {
      url = new URL(location, url);
      if (url.href.startsWith(until)) return url;
      response = await fetch(url);
      continue;
    }
    const html = await response.text();
    const form = readForm(html);
    if (!form) throw new Refusal(response.status, html);
    seen.push(form.fields.get("form"));
    await answer(form, html, person);
    url = new URL(form.action, url);
    response = await fetch(url, { method: "POST", body: new URLSearchParams([...form.fields]), headers: { origin: url.origin } });
  }
  throw new Error(`no end after ${STEPS_MAX} steps: ${seen.join(", ")}`);
}

/** A page without a form: the sign-in went no further. */
export class Refusal extends Error {
  constructor(status, html) {
    const text = html.replace(/<style[\s\S]*?<\/style>/g, "").replace(/<[^>]+>/g, " ").replace(/\s+/g, " ").trim();
    super(`${status}: ${text}`);
    this.status = status;
    this.text = text;
  }
}

/** What a person puts into each kind of form. */
async function answer(form, html, person) {
  const kind = form.fields.get("form");
  switch (kind) {
    case "user-name":
      form.fields.set("name", person.userPrincipalName);
      return;
    case "password":
      form.fields.set("password", person.password);
      return;
    case "code":
      form.fields.set("code", await freshCode(seedFor(form, html, person)));
      return;
    case "account":
      form.fields.set("session", "other");
      return;
    case "consent":
      form.fields.set("choice", "accept");
      return;
    case "stay-signed-in":
      form.fields.set("choice", "leave");
      return;
    default:
      throw new Error(`nobody knows how to answer the form \`${kind}\`: ${html}`);
  }
}

/** The seed of the authenticator that the page's tenant knows; a page that registers one shows it first. */
function seedFor(form, html, person) {
  const tenant = form.action.split("/")[1];
  const shown = html.match(/<code class="key" id="key">([^<]+)<\/code>/)?.[1];
  if (shown) person.seeds.set(tenant, shown.replace(/\s/g, ""));
  const seed = person.seeds.get(tenant);
  if (!seed) throw new Error(`${person.userPrincipalName} has no authenticator at ${tenant}`);
  return seed;
}

function readForm(html) {
  const found = html.match(/<form method="post" action="([^"]*)">([\s\S]*?)<\/form>/);
  if (!found) return undefined;
  const fields = new Map();
  for (const [input] of found[2].matchAll(/<input type="hidden"[^>]*>/g)) {
    fields.set(unescape(attribute(input, "name")), unescape(attribute(input, "value")));
  }
  return { action: unescape(found[1]), fields };
}

const attribute = (tag, name) => tag.match(new RegExp(`${name}="([^"]*)"`))?.[1] ?? "";

const unescape = (text) =>
  text.replace(/&#(\d+);/g, (_, number) => String.fromCodePoint(Number(number)))
    .replace(/&quot;/g, '"').replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
