// Chromium walks the five stories of the demo, page by page, as the people in them would.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { ANSWERED, DESKTOP, PHONE, accessible, picture, startBrowser, visitor, walk } from "../harness/browser.mjs";
import { startDemo } from "../harness/demo.mjs";
import { person, tenantId } from "../harness/world.mjs";

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

/** Somebody opens an application and signs in; answers what they saw on the way, one note per page. */
async function opens(someone, path, who) {
  const notes = [];
  await someone.page.goto(`${demo.payroll}${path}/sign-in`);
  await walk(someone, who, demo.payroll, async (kind) => {
    notes.push({
      kind,
      front: await textOf(someone.page, ".front"),
      behind: await textOf(someone.page, ".masthead"),
      asks: await textOf(someone.page, ".asks"),
    });
  });
  return notes;
}

async function textOf(page, selector) {
  const found = page.locator(selector);
  return (await found.count()) > 0 ? (await found.first().innerText()).trim() : "";
}

const claim = (someone, name) => textOf(someone.page, `[data-claim="${name}"]`);

async function isIn(someone) {
  await someone.page.locator("#who").waitFor();
  await picture(someone, "application");
  await accessible(someone);
  assert.equal(await claim(someone, "tid"), CONTOSO);
}

async function isRefused(someone, code) {
  const text = await someone.page.locator("main").innerText();
  assert.match(text, new RegExp(`\\b${code}\\b`));
  assert.match(text, /[0-9a-f]{8}-[0-9a-f]{4}-/, "the page names a correlation id");
  assert.match(text, /\b\d{1,2} [A-Z][a-z]+ 20\d\d, \d\d:\d\d:\d\d UTC/, "the page says when");
  assert.equal(await someone.page.locator("#who").count(), 0);
}

test("story 1: Ada's MFA at home is trusted, and only asked for once", async () => {
  const ada = await visitor(browser, "1-ada", DESKTOP);
  const notes = await opens(ada, "", person("ada@fabrikam.example"));
  assert.deepEqual(notes.map((note) => note.kind), ["user-name", "password", "code"]);
  assert.match(notes[0].front, /Contoso/, "until it is known who comes, the resource organisation asks");
  for (const note of notes.slice(1)) {
    assert.match(note.front, /Fabrikam/, `${note.kind}: the home organisation is in front`);
    assert.match(note.behind, /Contoso/, `${note.kind}: the resource organisation is behind`);
    assert.match(note.asks, /Fabrikam asks/, `${note.kind}: it is said who asks`);
  }
  await isIn(ada);
  const second = await opens(ada, "/channel", person("ada@fabrikam.example"));
  assert.deepEqual(second, [], "what was proven at home is still good for the next application");
  await isIn(ada);
  assert.deepEqual(ada.complaints, []);
});

test("story 2: Grace registers an authenticator at home, on a phone", async () => {
  const grace = await visitor(browser, "2-grace", PHONE);
  const who = person("grace@fabrikam.example");
  const notes = await opens(grace, "", who);
  const registration = notes.find((note) => note.kind === "code");
  assert.match(registration.asks, /Fabrikam asks/);
  assert.deepEqual([...who.seeds.keys()], [who.home], "nothing was registered at Contoso");
  await isIn(grace);
  assert.deepEqual(grace.complaints, []);
});

test("story 3: Wendy registers at Contoso, because Woodgrove is not believed", async () => {
  const wendy = await visitor(browser, "3-wendy", DESKTOP);
  const who = person("wendy@woodgrove.example");
  const notes = await opens(wendy, "", who);
  assert.match(notes.find((note) => note.kind === "password").asks, /Woodgrove asks/);
  assert.match(notes.find((note) => note.kind === "code").asks, /Contoso asks/);
  assert.ok(who.seeds.has(CONTOSO), "an authenticator was registered at Contoso");
  await isIn(wendy);
  assert.deepEqual(wendy.complaints, []);
});

test("story 4: Frank connects directly, Walter is told whom to ask", async () => {
  const frank = await visitor(browser, "4-frank", DESKTOP);
  await opens(frank, "/channel", person("frank@fabrikam.example"));
  await isIn(frank);
  const walter = await visitor(browser, "4-walter", PHONE);
  const notes = await opens(walter, "/channel", person("walter@woodgrove.example"));
  assert.ok(notes.every((note) => note.kind !== "code"), "nothing is asked for that would not help");
  await isRefused(walter, 90071);
});

for (const [name, account, code] of [
  ["wendy", "wendy@woodgrove.example", 530004],
  ["ada", "ada@fabrikam.example", 53000],
  ["dave", "dave@contoso.example", 53000],
]) {
  test(`story 5: the vault does not open for ${name}`, async () => {
    const someone = await visitor(browser, `5-${name}`, DESKTOP);
    await opens(someone, "/vault", person(account));
    await isRefused(someone, code);
  });
}

test("story 5: Carol steps up from Payroll to the vault", async () => {
  const carol = await visitor(browser, "5-carol", DESKTOP);
  const who = person("carol@contoso.example");
  const first = await opens(carol, "", who);
  assert.ok(first.every((note) => note.kind !== "code"), "Payroll asks members for a password only");
  await isIn(carol);
  const second = await opens(carol, "/vault", who);
  assert.deepEqual(second.map((note) => note.kind), ["code"], "only the second factor is asked for");
  await isIn(carol);
  assert.deepEqual(carol.complaints, []);
});

test("an application that no administrator allowed asks for permission, and is told when it is declined", async () => {
  const dave = await visitor(browser, "6-lunch", PHONE);
  const { page } = dave;
  await page.goto(`${demo.payroll}/lunch/sign-in`);
  await walk(dave, person("dave@contoso.example"), demo.payroll, async (kind) => {
    if (kind !== "consent") return undefined;
    assert.match(await textOf(page, "h1"), /Lunch menu asks for your permission/);
    assert.match(await textOf(page, ".scopes li"), /^Sign you in/, "the list begins with what matters most");
    await page.getByRole("button", { name: "Decline" }).click();
    return ANSWERED;
  });
  assert.equal(await textOf(page, "#error"), "access_denied");
  await accessible(dave);
});
