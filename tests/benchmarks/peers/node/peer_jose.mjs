// jose: jwtVerify with a remote key set. The client and the use of a token are compared by hand.

import { createRemoteJWKSet, jwtVerify } from "jose";
import { LEEWAY, caseOf, serve } from "./kit.mjs";

const given = caseOf("cognito");
const keys = createRemoteJWKSet(new URL(given.jwks_uri));
const options = {
  issuer: given.issuer,
  algorithms: ["RS256"],
  clockTolerance: LEEWAY,
  requiredClaims: ["sub", "exp", "iat"],
};

async function verify(token) {
  const { payload } = await jwtVerify(token, keys, options);
  if (payload.client_id !== given.client_id || payload.token_use !== "access") throw new Error("another client or use");
  return payload;
}

await serve(
  "jose",
  "cognito",
  [{ name: "jose", verify, awaited: true }],
  "the client and the use of a token are compared by hand",
);
