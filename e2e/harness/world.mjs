// The people and applications of the demo world, read from its files: passwords, authenticator seeds, client secrets.

import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const WORLD = resolve(dirname(fileURLToPath(import.meta.url)), "../../scenarios/two-organisations");

const read = (tenant, file) => JSON.parse(readFileSync(join(WORLD, tenant, `${file}.json`), "utf8"));

/** The id of a tenant, for instance `contoso`. */
export const tenantId = (tenant) => read(tenant, "organization").id;

/**
 * A person as a sign-in needs them. `seeds` maps the id of a tenant to the seed of the authenticator registered there; it
 * grows when a page lets the person register another.
 */
export function person(userPrincipalName) {
  const tenant = userPrincipalName.split("@")[1].split(".")[0];
  const { passwords, totp = [] } = read(tenant, "credentials");
  const own = (entry) => entry.userPrincipalName === userPrincipalName;
  const seed = totp.find(own)?.secretBase32;
  return {
    userPrincipalName,
    home: tenantId(tenant),
    password: passwords.find(own).password,
    seeds: new Map(seed ? [[tenantId(tenant), seed]] : []),
  };
}

/** An application with its secret, by the name it is shown under. */
export function application(tenant, displayName) {
  const { appId, web, publicClient } = read(tenant, "applications").find((entry) => entry.displayName === displayName);
  const secret = read(tenant, "credentials").clientSecrets.find((entry) => entry.appId === appId)?.secret;
  return { appId, secret, redirectUris: (web ?? publicClient)?.redirectUris ?? [] };
}
