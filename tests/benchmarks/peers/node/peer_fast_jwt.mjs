// fast-jwt, which fetches no keys: they are fetched here, once. The client and the use of a token are compared by hand.
//
// It is fastest with a key that it is given beforehand, so there is a verifier for each key, chosen by kid. Its own way
// to choose a key, a function, makes it prepare the key for each token. The cache is the third way.

import { createPublicKey } from "node:crypto";
import { createVerifier } from "fast-jwt";
import { LEEWAY, caseOf, serve } from "./kit.mjs";

const given = caseOf("cognito");
const { keys } = await (await fetch(given.jwks_uri)).json();
const pems = new Map(
  keys.map((jwk) => [jwk.kid, createPublicKey({ key: jwk, format: "jwk" }).export({ type: "spki", format: "pem" })]),
);
const options = {
  algorithms: ["RS256"],
  allowedIss: given.issuer,
  requiredClaims: ["sub", "exp", "iat"],
  clockTolerance: LEEWAY * 1000,
};

function checked(payload) {
  if (payload.client_id !== given.client_id || payload.token_use !== "access") throw new Error("another client or use");
  return payload;
}

function byKid(more) {
  const verifiers = new Map([...pems].map(([kid, key]) => [kid, createVerifier({ key, ...options, ...more })]));
  return (token) => {
    const { kid } = JSON.parse(Buffer.from(token.slice(0, token.indexOf(".")), "base64url"));
    return checked(verifiers.get(kid)(token));
  };
}

const withFunction = createVerifier({
  key: async ({ header }) => {
    if (!pems.has(header.kid)) throw new Error("unknown key");
    return pems.get(header.kid);
  },
  ...options,
});

await serve(
  "fast-jwt",
  "cognito",
  [
    { name: "fast-jwt", verify: byKid({}) },
    { name: "fast-jwt, key function", verify: async (token) => checked(await withFunction(token)), awaited: true },
    { name: "fast-jwt, found in its cache", verify: byKid({ cache: true }) },
  ],
  "fetches no keys: it is given them once; the client and the use of a token are compared by hand",
);
