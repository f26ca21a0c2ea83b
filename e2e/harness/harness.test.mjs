// Shows that the harness itself can be trusted: codes by the RFC's own table, and a browser that axe can complain in.

import assert from "node:assert/strict";
import test from "node:test";

import { PHONE, accessible, fits, startBrowser, visitor } from "./browser.mjs";
import { codeOfStep } from "./totp.mjs";
import { person } from "./world.mjs";

test("codes are those of RFC 6238, appendix B", () => {
  const seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
  assert.equal(codeOfStep(seed, Math.floor(59 / 30)), "287082");
  assert.equal(codeOfStep(seed, Math.floor(1111111109 / 30)), "081804");
  assert.equal(codeOfStep(seed, Math.floor(20000000000 / 30)), "353130");
});

test("people come with what they know", () => {
  const ada = person("ada@fabrikam.example");
  assert.equal(ada.seeds.size, 1);
  assert.equal(person("grace@fabrikam.example").seeds.size, 0);
});

test("axe complains of a bad page and not of a good one", async () => {
  const browser = await startBrowser();
  try {
    const someone = await visitor(browser, "harness", PHONE);
    await someone.page.setContent('<!doctype html><html lang="en"><title>x</title><main><h1>x</h1><input></main>');
    await assert.rejects(accessible(someone), /label/);
    await someone.page.setContent('<!doctype html><html lang="en"><title>x</title><main><h1>x</h1><label>y <input></label></main>');
    await accessible(someone);
    await fits(someone);
    await someone.page.setContent('<!doctype html><meta name="viewport" content="width=device-width"><div style="width:3000px">x</div>');
    await assert.rejects(fits(someone), /wide/);
  } finally {
    await browser.close();
  }
});
