// A Chromium that Playwright drives: one context per visitor, axe on every page, pictures, and no console error overlooked.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

import { freshCode } from "./totp.mjs";

const PICTURES = resolve(dirname(fileURLToPath(import.meta.url)), "../screenshots");
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const STEPS_MAX = 20;
export const ANSWERED = Symbol("answered");

const FLAGS = [
  ...["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync"],
];

export const DESKTOP = { name: "desktop", viewport: { width: 1280, height: 800 } };
/** A window for `everyLook`, which says itself what it looks at. */
export const LARGE = { name: "large", viewport: { width: 1280, height: 900 } };
export const PHONE = { name: "phone", viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };

/** Starts Chromium; root may only run it without its sandbox. */
export async function startBrowser() {
  const candidates = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
  const executablePath = candidates.find((path) => path && existsSync(path));
  assert.ok(executablePath, "no Chromium; install it, or name it in CHROMIUM");
  const args = process.getuid?.() === 0 ? [...FLAGS, "--no-sandbox"] : FLAGS;
  return chromium.launch({ executablePath, args, headless: true });
}

/**
 * Somebody's own browser: cookies of their own, and a list of what went wrong in the console. The development authority is
 * not in Chromium's store, so certificate errors are accepted here; MSAL and openid-client check the chain.
 */
export async function visitor(browser, story, device = DESKTOP, more = {}) {
  const { name, ...shape } = device;
  const context = await browser.newContext({ ...shape, ignoreHTTPSErrors: true, ...more });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.setDefaultTimeout(20_000);
  return { context, page, story, device: name, complaints, pictures: 0, seen: [] };
}

/** A picture of the page as it is: `screenshots/{story}-{number}-{what}-{device}.png`. */
export async function picture(visitor, what) {
  mkdirSync(PICTURES, { recursive: true });
  visitor.pictures += 1;
  const number = String(visitor.pictures).padStart(2, "0");
  const path = join(PICTURES, `${visitor.story}-${number}-${what}-${visitor.device}.png`);
  await visitor.page.screenshot({ path, fullPage: true });
  return path;
}

/** Fails when axe finds anything serious or critical on the page. */
export async function accessible(visitor) {
  await visitor.page.evaluate(AXE);
  const { violations } = await visitor.page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const told = grave.map(({ id, help, nodes }) => `${id}: ${help}\n${nodes.map((node) => `  ${node.html}`).join("\n")}`);
  assert.deepEqual(told, [], `${visitor.story}: ${visitor.page.url()}`);
}

/** Nothing is wider than the window: a phone never scrolls sideways. */
export async function fits(visitor) {
  const [wide, room] = await visitor.page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wide <= room, `${visitor.story}: the page is ${wide} px wide in a window of ${room} px`);
}

/** Looks at the page in light and dark, on a desktop and on a phone: a picture, axe, and the width of each. */
export async function everyLook(visitor, what) {
  const { page, story } = visitor;
  for (const [device, size] of [["desktop", LARGE.viewport], ["phone", PHONE.viewport]]) {
    await page.setViewportSize(size);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      mkdirSync(PICTURES, { recursive: true });
      await page.screenshot({ path: join(PICTURES, `${story}-${what}-${device}-${colorScheme}.png`), fullPage: true });
      await accessible(visitor);
      await fits(visitor);
    }
  }
  await page.setViewportSize(LARGE.viewport);
  await page.emulateMedia({ colorScheme: "light" });
}

/** The kind of the form that is shown, by its hidden field; nothing on a page without one. */
export async function formKind(page) {
  const field = page.locator('input[type=hidden][name="form"]');
  return (await field.count()) > 0 ? field.first().inputValue() : undefined;
}

/**
 * Answers page after page until one has no form or the address begins with `until`. Each page is looked at by axe and
 * pictured. `onPage(kind)` may look at it before it is answered, or answer it itself and say so with `ANSWERED`.
 */
export async function walk(visitor, person, until, onPage = async () => {}) {
  const { page } = visitor;
  for (let step = 0; step < STEPS_MAX; step += 1) {
    await page.waitForLoadState("load");
    if (until && page.url().startsWith(until)) return;
    const kind = await formKind(page);
    visitor.seen.push(kind ?? "end");
    await picture(visitor, kind ?? "end");
    await accessible(visitor);
    await fits(visitor);
    if ((await onPage(kind)) === ANSWERED) continue;
    if (!kind) return;
    await answer(visitor, kind, person);
  }
  assert.fail(`no end after ${STEPS_MAX} pages: ${visitor.seen.join(", ")}`);
}

/** Does what a person does on a page of this kind, with the keyboard where there is something to type. */
async function answer({ page }, kind, person) {
  const submit = (name) => page.getByRole("button", { name, exact: false }).click();
  const type = async (text) => {
    await page.locator("#field").fill(text);
    await page.locator("#field").press("Enter");
  };
  switch (kind) {
    case "user-name":
      return type(person.userPrincipalName);
    case "password":
      return type(person.password);
    case "code":
      return type(await freshCode(await seedFor(page, person)));
    case "account":
      return submit("Use another account");
    case "consent":
      return submit("Accept");
    case "stay-signed-in":
      return page.locator('button[value="leave"]').click();
    default:
      assert.fail(`nobody knows how to answer the form \`${kind}\``);
  }
}

/** The seed of the authenticator that the page's tenant knows; a page that registers one shows it first. */
async function seedFor(page, person) {
  const action = await page.locator("form").first().getAttribute("action");
  const tenant = new URL(action, page.url()).pathname.split("/")[1];
  const shown = page.locator("#key");
  if ((await shown.count()) > 0) person.seeds.set(tenant, (await shown.textContent()).replace(/\s/g, ""));
  const seed = person.seeds.get(tenant);
  assert.ok(seed, `${person.userPrincipalName} has no authenticator at ${tenant}`);
  return seed;
}
