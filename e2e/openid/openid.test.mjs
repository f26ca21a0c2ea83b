// openid-client, a certified relying party library, signs people in, refreshes, reads the claims, and signs out.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import * as client from "openid-client";

import { startDemo } from "../harness/demo.mjs";
import { Refusal, walk } from "../harness/pages.mjs";
import { cookieJar, trustingFetch } from "../harness/web.mjs";
import { application, person, tenantId } from "../harness/world.mjs";

const CONTOSO = tenantId("contoso");
const FABRIKAM = tenantId("fabrikam");
let demo;

before(async () => {
  demo = await startDemo();
});
after(() => demo?.stop());

/** Discovery as the library does it: the issuer of the document must be the one that was asked. */
async function relyingParty(displayName, tenant = "contoso") {
  const { appId, secret, redirectUris } = application(tenant, displayName);
  const issuer = new URL(`${demo.address}/${tenantId(tenant)}/v2.0`);
  const config = await client.discovery(issuer, appId, undefined, client.ClientSecretBasic(secret), {
    [client.customFetch]: trustingFetch(demo.authority),
  });
  // The sample applications run on a port of their own here, and so does their registration.
  return { config, redirectUri: demo.payroll + new URL(redirectUris[0]).pathname };
}

/** One sign-in by the code flow with PKCE, state and nonce; `browser` keeps the cookies between two of them. */
async function signIn({ config, redirectUri }, who, { browser = cookieJar(demo.authority), parameters = {} } = {}) {
  const verifier = client.randomPKCECodeVerifier();
  const [state, nonce] = [client.randomState(), client.randomNonce()];
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: "openid profile email offline_access",
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    nonce,
    ...parameters,
  });
  const seen = [];
  const landed = await walk(browser, url, who, redirectUri, seen);
  const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
  const tokens = await client.authorizationCodeGrant(config, landed, checks);
  return { tokens, claims: tokens.claims(), seen, browser, landed, checks };
}

test("a member signs in with a password alone", async () => {
  const { claims, seen } = await signIn(await relyingParty("Payroll"), person("dave@contoso.example"));
  assert.equal(claims.iss, `${demo.address}/${CONTOSO}/v2.0`);
  assert.equal(claims.tid, CONTOSO);
  assert.equal(claims.acct, 0);
  assert.equal(claims.idp, undefined);
  assert.ok(!seen.includes("code"), seen.join());
});

test("a guest whose MFA is trusted proves herself at home", async () => {
  const { claims, seen } = await signIn(await relyingParty("Payroll"), person("ada@fabrikam.example"));
  assert.equal(claims.tid, CONTOSO);
  assert.equal(claims.acct, 1);
  assert.ok(claims.idp.includes(FABRIKAM), claims.idp);
  assert.ok(claims.amr.includes("mfa"), claims.amr);
  assert.equal(seen.filter((kind) => kind === "code").length, 1);
});

test("a guest whose MFA is not trusted registers in the resource tenant", async () => {
  const wendy = person("wendy@woodgrove.example");
  const { claims } = await signIn(await relyingParty("Payroll"), wendy);
  assert.equal(claims.acct, 1);
  assert.ok(wendy.seeds.has(CONTOSO), "an authenticator was registered at Contoso");
});

test("the subject differs from application to application, the object id does not", async () => {
  const browser = cookieJar(demo.authority);
  const payroll = await signIn(await relyingParty("Payroll"), person("carol@contoso.example"), { browser });
  const timesheet = await signIn(await relyingParty("Timesheet"), person("carol@contoso.example"), { browser });
  assert.equal(payroll.claims.oid, timesheet.claims.oid);
  assert.notEqual(payroll.claims.sub, timesheet.claims.sub);
});

test("an application may have its tokens signed with ES256", async () => {
  const { tokens } = await signIn(await relyingParty("Timesheet"), person("dave@contoso.example"));
  const header = JSON.parse(Buffer.from(tokens.id_token.split(".")[0], "base64url"));
  assert.equal(header.alg, "ES256");
});

test("a second application is opened in the same session without a word", async () => {
  const browser = cookieJar(demo.authority);
  await signIn(await relyingParty("Payroll"), person("dave@contoso.example"), { browser });
  const { seen } = await signIn(await relyingParty("Payroll"), person("dave@contoso.example"), {
    browser,
    parameters: { prompt: "none" },
  });
  assert.deepEqual(seen, []);
});

test("prompt none without a session answers login_required and issues nothing", async () => {
  const party = await relyingParty("Payroll");
  await assert.rejects(
    signIn(party, person("dave@contoso.example"), { parameters: { prompt: "none" } }),
    (error) => error.error === "login_required",
  );
});

test("a refresh token is good once; used again it takes its family along", async () => {
  const { config, redirectUri } = await relyingParty("Payroll");
  const { tokens } = await signIn({ config, redirectUri }, person("dave@contoso.example"));
  const next = await client.refreshTokenGrant(config, tokens.refresh_token);
  assert.notEqual(next.refresh_token, tokens.refresh_token);
  const isInvalidGrant = (error) => error.error === "invalid_grant";
  await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), isInvalidGrant);
  await assert.rejects(client.refreshTokenGrant(config, next.refresh_token), isInvalidGrant);
});

test("a code is good once", async () => {
  const party = await relyingParty("Payroll");
  const { landed, checks } = await signIn(party, person("dave@contoso.example"));
  await assert.rejects(client.authorizationCodeGrant(party.config, landed, checks), (error) => error.error === "invalid_grant");
});

test("userinfo answers for the subject of the id token", async () => {
  const { config, redirectUri } = await relyingParty("Payroll");
  const { tokens, claims } = await signIn({ config, redirectUri }, person("dave@contoso.example"));
  const info = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
  assert.equal(info.sub, claims.sub);
});

test("a direct connect user whose MFA is not trusted is told whom to ask", async () => {
  const party = await relyingParty("Shared Channel");
  await assert.rejects(signIn(party, person("walter@woodgrove.example")), (error) => {
    assert.ok(error instanceof Refusal, String(error));
    assert.match(error.text, /90071/);
    return true;
  });
});

test("after sign-out the session is gone", async () => {
  const party = await relyingParty("Payroll");
  const { tokens, browser } = await signIn(party, person("dave@contoso.example"));
  const url = client.buildEndSessionUrl(party.config, { id_token_hint: tokens.id_token });
  const page = await browser(url);
  assert.equal(page.status, 200, await page.clone().text());
  await assert.rejects(
    signIn(party, person("dave@contoso.example"), { browser, parameters: { prompt: "none" } }),
    (error) => error.error === "login_required",
  );
});
