// What holds of the pages themselves: keyboard, no scripts, light and dark, wrong answers, signing out.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { DESKTOP, PHONE, accessible, fits, formKind, picture, startBrowser, visitor, walk } from "../harness/browser.mjs";
import { startDemo } from "../harness/demo.mjs";
import { cookieJar } from "../harness/web.mjs";
import { person } from "../harness/world.mjs";

let demo;
let browser;

before(async () => {
  demo = await startDemo();
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

const dave = () => person("dave@contoso.example");

test("a member signs in by keyboard alone", async () => {
  const { page } = await visitor(browser, "keyboard", DESKTOP);
  await page.goto(`${demo.payroll}/sign-in`);
  await page.locator(":focus").waitFor();
  await page.keyboard.type(dave().userPrincipalName);
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement?.getAttribute("name") === "password");
  await page.keyboard.type(dave().password);
  await page.keyboard.press("Enter");
  // Stay signed in, consent: whatever comes next has its main button first.
  for (let before = "password"; ; ) {
    await page.waitForFunction((kind) => document.querySelector('input[name="form"]')?.value !== kind, before);
    before = await formKind(page);
    if (!before) break;
    await page.locator("main form button").first().focus();
    await page.keyboard.press("Enter");
  }
  await page.locator("#who").waitFor();
});

test("a member signs in without scripts", async () => {
  const { page } = await visitor(browser, "no-script", DESKTOP, { javaScriptEnabled: false });
  await page.goto(`${demo.payroll}/sign-in`);
  await page.locator("#field").fill(dave().userPrincipalName);
  await page.locator("button.primary").click();
  await page.locator("#field").fill(dave().password);
  await page.locator("button.primary").click();
  if ((await formKind(page)) === "stay-signed-in") await page.locator('button[value="leave"]').click();
  if ((await formKind(page)) === "consent") await page.locator('button[value="accept"]').click();
  await page.locator("#who").waitFor();
});

test("a wrong password is said at the field, and the same is said of a name nobody has", async () => {
  const texts = [];
  for (const name of ["dave@contoso.example", "nobody@contoso.example"]) {
    const someone = await visitor(browser, "wrong-password", PHONE);
    const { page } = someone;
    await page.goto(`${demo.payroll}/sign-in`);
    await page.locator("#field").fill(name);
    await page.locator("button.primary").click();
    await page.locator("#field").fill("not the password");
    await page.locator("button.primary").click();
    const problem = page.getByRole("alert");
    await problem.waitFor();
    assert.equal(await page.locator("#field").getAttribute("aria-invalid"), "true");
    texts.push(await problem.innerText());
    await picture(someone, "wrong");
    await accessible(someone);
    await fits(someone);
  }
  assert.equal(texts[0], texts[1]);
});

for (const colorScheme of ["light", "dark"]) {
  test(`the first page is readable in ${colorScheme}`, async () => {
    for (const device of [DESKTOP, PHONE]) {
      const someone = await visitor(browser, `scheme-${colorScheme}`, device, { colorScheme });
      await someone.page.goto(`${demo.payroll}/sign-in`);
      await picture(someone, "user-name");
      await accessible(someone);
      await fits(someone);
      assert.deepEqual(someone.complaints, []);
    }
  });
}

test("after signing out the next sign-in asks again", async () => {
  const someone = await visitor(browser, "sign-out", DESKTOP);
  const { page } = someone;
  await page.goto(`${demo.payroll}/sign-in`);
  await walk(someone, dave(), demo.payroll);
  await page.locator("#sign-out").click();
  await page.waitForLoadState("load");
  await picture(someone, "signed-out");
  await accessible(someone);
  await page.goto(`${demo.payroll}/sign-in`);
  assert.ok(["user-name", "account"].includes(await formKind(page)), page.url());
});

test("every answer of a page forbids frames, scripts from elsewhere and keeping", async () => {
  const fetch = cookieJar(demo.authority);
  let response = await fetch(`${demo.payroll}/sign-in`);
  for (let hops = 0; hops < 5 && response.headers.get("location"); hops += 1) {
    response = await fetch(new URL(response.headers.get("location"), response.url));
  }
  assert.equal(response.status, 200);
  const policy = response.headers.get("content-security-policy");
  assert.match(policy, /frame-ancestors 'none'/);
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval/);
  assert.match(response.headers.get("cache-control"), /no-store/);
  assert.doesNotMatch(await response.text(), /<script(?![^>]*src=)|\son\w+=|\sstyle=/);
});
