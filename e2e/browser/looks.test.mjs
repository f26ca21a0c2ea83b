// Visits every kind of page there is and looks at each in light and dark, on a desktop and on a phone; axe looks along.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { LARGE, everyLook, formKind, startBrowser, visitor, walk } from "../harness/browser.mjs";
import { startDemo } from "../harness/demo.mjs";
import { application, person, tenantId } from "../harness/world.mjs";

const CONTOSO = tenantId("contoso");
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

const somebody = (story) => visitor(browser, story, LARGE);

/** Opens an application and looks at each page on the way; answers the kinds of form that came. */
async function opens(someone, path, who) {
  const kinds = [];
  await someone.page.goto(`${demo.payroll}${path}`);
  await walk(someone, who, demo.payroll, async (kind) => {
    kinds.push(kind);
    await everyLook(someone, kind ?? "refused");
  });
  return kinds;
}

async function types({ page }, text) {
  await page.locator("#field").fill(text);
  await page.locator("button.primary").click();
}

test("a guest's pages: sign-in, second step at home, her own record, sign-out", async () => {
  const ada = await somebody("look-ada");
  const { page } = ada;
  assert.deepEqual(await opens(ada, "/sign-in", person("ada@fabrikam.example")), ["user-name", "password", "code"]);
  await page.locator("#who").waitFor();
  await everyLook(ada, "payroll");
  assert.deepEqual(ada.complaints, []);
  await opens(ada, "/vault/sign-in", person("ada@fabrikam.example"));
  assert.match(await page.locator("main").innerText(), /53000/);
  await page.goto(`${demo.address}/${CONTOSO}/my-sign-ins`);
  await page.locator("table.sign-ins").waitFor();
  await everyLook(ada, "my-sign-ins");
  await page.getByRole("link", { name: "See where you are signed in" }).click();
  await page.locator("table.sessions").waitFor();
  assert.match(await page.locator("main").innerText(), /This browser/);
  await everyLook(ada, "my-sessions-alone");
  await page.goto(`${demo.payroll}/`);
  await page.locator("#sign-out").click();
  await page.waitForLoadState("load");
  await everyLook(ada, "signed-out");
});

test("a member sees two browsers, ends the other one, and it is asked again", async () => {
  const who = person("dave@contoso.example");
  const [here, there] = [await somebody("look-sessions"), await somebody("look-sessions-other")];
  for (const each of [here, there]) {
    await each.page.goto(`${demo.payroll}/sign-in`);
    await walk(each, who, demo.payroll);
  }
  const { page } = here;
  await page.goto(`${demo.address}/${CONTOSO}/my-sessions`);
  assert.equal(await page.locator("table.sessions tbody tr").count(), 2);
  await everyLook(here, "my-sessions");
  await page.getByRole("button", { name: /^End the session of Chrome/ }).click();
  await page.getByText("You are signed in nowhere else.").waitFor();
  assert.equal(new URL(page.url()).pathname, `/${CONTOSO}/my-sessions`);
  const gone = await there.page.goto(`${demo.address}/${CONTOSO}/my-sessions`);
  assert.equal(gone.status(), 401);
  assert.deepEqual(here.complaints, []);
});

test("an administrator steps up in Payroll with a fresh code", async () => {
  const carol = await somebody("look-carol");
  const { page } = carol;
  const who = person("carol@contoso.example");
  await page.goto(`${demo.payroll}/sign-in`);
  await walk(carol, who, demo.payroll);
  await page.locator("#step-up").click();
  assert.equal(await formKind(page), "code");
  await everyLook(carol, "step-up");
  await types(carol, "000000");
  await page.getByRole("alert").waitFor();
  await everyLook(carol, "wrong-code");
  await walk(carol, who, demo.payroll);
  await page.locator("#approved").waitFor();
  await everyLook(carol, "payroll-approved");
});

test("an untrusted guest's pages: registration at the resource organisation, refusal for a device", async () => {
  const wendy = await somebody("look-wendy");
  const who = person("wendy@woodgrove.example");
  assert.deepEqual(await opens(wendy, "/sign-in", who), ["user-name", "password", "code"]);
  await opens(wendy, "/vault/sign-in", who);
  assert.match(await wendy.page.locator("main").innerText(), /530004/);
});

test("a member's pages: wrong password, stay signed in, account picker, confirmation of a sign-out, refusal", async () => {
  const dave = await somebody("look-dave");
  const { page } = dave;
  await page.goto(`${demo.payroll}/sign-in`);
  await types(dave, "dave@contoso.example");
  await types(dave, "not the password");
  await page.getByRole("alert").waitFor();
  await everyLook(dave, "wrong-password");
  await walk(dave, person("dave@contoso.example"), demo.payroll, async (kind) => everyLook(dave, kind));
  assert.ok(dave.seen.includes("stay-signed-in"), dave.seen.join(", "));
  const { appId, redirectUris } = application("contoso", "Payroll mobile");
  const asked = { client_id: appId, response_type: "code", redirect_uri: redirectUris[0], scope: "openid", state: "s", nonce: "n" };
  const pkce = { code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", code_challenge_method: "S256" };
  const question = new URLSearchParams({ ...asked, ...pkce, prompt: "select_account" });
  await page.goto(`${demo.address}/${CONTOSO}/oauth2/v2.0/authorize?${question}`);
  assert.equal(await formKind(page), "account");
  await everyLook(dave, "account-picker");
  await page.goto(`${demo.address}/${CONTOSO}/oauth2/v2.0/logout`);
  await everyLook(dave, "confirm-sign-out");
  await opens(dave, "/lunch/sign-in", person("dave@contoso.example"));
  assert.ok(dave.seen.includes("consent"), dave.seen.join(", "));
  await opens(dave, "/vault/sign-in", person("dave@contoso.example"));
  assert.match(await page.locator("main").innerText(), /53000/);
});

test("a stranger's pages: no guest, no tenant, no page, no permission", async () => {
  const walter = await somebody("look-walter");
  await opens(walter, "/channel/sign-in", person("walter@woodgrove.example"));
  assert.match(await walter.page.locator("main").innerText(), /90071/);
  const stranger = await somebody("look-stranger");
  const { page } = stranger;
  for (const [name, address, status] of [
    ["start", `${demo.address}/`, 200],
    ["unknown-tenant", `${demo.address}/nobody.example/oauth2/v2.0/authorize?client_id=x`, undefined],
    ["unknown-page", `${demo.address}/no/such/page`, 404],
    ["unknown-application", `${demo.address}/${CONTOSO}/oauth2/v2.0/authorize?client_id=x`, undefined],
    ["payroll-welcome", `${demo.payroll}/`, 200],
    ["payroll-error", `${demo.payroll}/callback?error=access_denied&error_description=AADSTS65004%3A+declined&state=x`, undefined],
  ]) {
    const answer = await page.goto(address);
    if (status) assert.equal(answer.status(), status, name);
    assert.doesNotMatch(await page.locator("main").innerText(), /The organisation/, `${name}: nobody unnamed has decided`);
    await everyLook(stranger, name);
  }
  await page.goto(`${demo.payroll}/sign-in`);
  await types(stranger, "somebody@nowhere.example");
  await page.waitForLoadState("load");
  await everyLook(stranger, "unknown-realm");
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.waitForLoadState("load");
  await everyLook(stranger, "payroll-cancelled");
});
