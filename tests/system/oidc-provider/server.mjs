#!/usr/bin/env node
// oidc-provider under several issuer names: one process, one port, one path per name, the same keys for all.
//
// The first line of stdin is the configuration, in JSON:
//   names      {"new": null, "old": null}: a path each. Its value is the issuer that it calls itself, null for its own
//              URL. Any other value makes a house that speaks in somebody else's name.
//   keys       private JWKs, published in this order; of those that fit an algorithm the first signs.
//   clients    {"id": "secret"}: they may ask for tokens by client credentials, and nothing else.
//   resources  {"https://orders.example": {"alg": "RS256", "scope": "read write"}}: audiences (RFC 8707).
//   jwks_path  where below each name the keys are.
// Every later line replaces what it names, for all requests from then on. Each line is answered by a line on stdout
// once it holds. The process ends when stdin does, so that it cannot outlive who started it.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import Provider, { errors } from 'oidc-provider';

const TOKEN_SECONDS = 86400;
const settings = { jwks_path: '/jwks' };
let handlers = new Map();

console.info = console.error; // stdout is for the answers

const server = createServer((request, response) => {
  const name = request.url.split('/')[1];
  const handle = handlers.get(name);
  if (!handle) {
    response.writeHead(404).end();
    return;
  }
  request.originalUrl = request.url; // what oidc-provider takes its mount path from
  request.url = request.url.slice(name.length + 1) || '/';
  handle(request, response);
});

function resourceServer(context, resource) {
  const found = settings.resources[resource];
  if (!found) throw new errors.InvalidTarget();
  return {
    audience: resource,
    scope: found.scope,
    accessTokenTTL: TOKEN_SECONDS,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: found.alg } },
  };
}

function provider(issuer) {
  const clients = Object.entries(settings.clients).map(([id, secret]) => ({
    client_id: id,
    client_secret: secret,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
  }));
  return new Provider(issuer, {
    clients,
    jwks: { keys: settings.keys },
    routes: { jwks: settings.jwks_path },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: { enabled: true, getResourceServerInfo: resourceServer },
    },
  });
}

function serve() {
  const base = `http://127.0.0.1:${server.address().port}`;
  const urls = Object.fromEntries(Object.keys(settings.names).map((name) => [name, `${base}/${name}`]));
  const served = Object.entries(settings.names).map(([name, told]) => [name, provider(told ?? urls[name]).callback()]);
  handlers = new Map(served);
  process.stdout.write(`${JSON.stringify({ urls })}\n`);
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    Object.assign(settings, JSON.parse(line));
    if (server.listening) serve();
    else server.listen(0, '127.0.0.1', serve);
  })
  .on('close', () => process.exit(0));
