// A certified OpenID Connect provider (oidc-provider) for the tests: real keys, real sessions, people who are made up.
// Usage: node server.js CONFIGURATION.json. What it must do wrong, it is told at /control.

import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { Provider } from "oidc-provider";

const settings = JSON.parse(readFileSync(process.argv[2], "utf8"));
const people = new Map(settings.people.map((person) => [person.sub, person]));
let mode = "ok";
let signed = 0;

// Shared by the providers below: a sign-in that began under one set of keys ends under the next.
const kept = new Map();
class Memory {
  constructor(kind) { this.kind = kind; }
  key(id) { return `${this.kind}:${id}`; }
  async upsert(id, payload) {
    kept.set(this.key(id), payload);
    if (payload.uid) kept.set(`uid:${payload.uid}`, this.key(id));
  }
  async find(id) { return kept.get(this.key(id)); }
  async findByUid(uid) { return kept.get(kept.get(`uid:${uid}`)); }
  async findByUserCode() { return undefined; }
  async consume(id) { kept.get(this.key(id)).consumed = Math.floor(Date.now() / 1000); }
  async destroy(id) { kept.delete(this.key(id)); }
  async revokeByGrantId(grant) {
    for (const [key, value] of kept) if (value.grantId === grant) kept.delete(key);
  }
}

function keys() {
  signed += 1;
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { keys: [{ ...privateKey.export({ format: "jwk" }), kid: `key-${signed}`, use: "sig", alg: "RS256" }] };
}

function provider() {
  const made = new Provider(settings.issuer, {
    adapter: Memory,
    clients: settings.clients,
    jwks: keys(),
    cookies: { keys: ["tests"] },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"], groups: ["groups"] },
    scopes: ["openid", "email", "profile", "groups"],
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        postLogoutSuccessSource(context) {
          context.body = page("Signed out", "");
        },
        logoutSource(context, form) {
          context.body = page("Sign out", `${form}<button form="op.logoutForm" name="logout" value="yes">Yes, sign me out</button>`);
        },
      },
    },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, sub) => (people.has(sub) ? { accountId: sub, claims: () => people.get(sub) } : undefined),
    // Our own people's own service: nobody is asked whether it may know them.
    async loadExistingGrant(context) {
      const grant = new context.oidc.provider.Grant({
        clientId: context.oidc.client.clientId,
        accountId: context.oidc.session.accountId,
      });
      grant.addOIDCScope("openid email profile groups");
      await grant.save();
      return grant;
    },
    // It refuses private addresses, as we do; here everybody is on this machine.
    async fetch(url, { dispatcher, ...options }) {
      return globalThis.fetch(url, options);
    },
  });
  made.on("backchannel.error", (_, error) => console.error("backchannel", error));
  made.on("server_error", (_, error) => console.error("server", error));
  return made;
}

function page(title, body) {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title><link rel="icon" href="data:,"></head><body><h1>${title}</h1>${body}</body></html>`;
}

async function interact(active, request, response, uid) {
  if (request.method === "POST") {
    let body = "";
    for await (const piece of request) body += piece;
    const account = new URLSearchParams(body).get("account");
    const result = people.has(account) ? { login: { accountId: account } } : { error: "access_denied", error_description: "cancelled" };
    await active.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
    return;
  }
  const buttons = [...people.values(), { sub: "", name: "Cancel" }]
    .map((person) => `<p><button name="account" value="${person.sub}">${person.name}</button></p>`)
    .join("");
  response.setHeader("content-type", "text/html");
  response.end(page("Who are you?", `<form method="post" action="/interaction/${uid}">${buttons}</form>`));
}

let active = provider();
const tls = { cert: readFileSync(settings.certificate), key: readFileSync(settings.key) };
createServer(tls, async (request, response) => {
  try {
    const path = new URL(request.url, settings.issuer).pathname;
    if (path === "/control") {
      const wanted = new URL(request.url, settings.issuer).searchParams.get("mode");
      if (wanted === "rotate") active = provider();
      else mode = wanted;
      response.end("done");
      return;
    }
    const machine = path.startsWith("/.well-known/") || ["/token", "/jwks", "/me"].includes(path);
    if (machine && mode === "down") return void request.socket.destroy();
    if (machine && mode === "slow") return;
    if (machine && mode === "garbage") return void response.end("<html>not what you expect</html>");
    if (machine && mode === "error") {
      response.statusCode = 500;
      return void response.end("{}");
    }
    const found = /^\/interaction\/([\w-]+)$/.exec(path);
    if (found) return void (await interact(active, request, response, found[1]));
    await active.callback()(request, response);
  } catch (error) {
    console.error(error);
    response.statusCode = 500;
    response.end(String(error));
  }
}).listen(settings.port, "127.0.0.1", () => console.log("ready"));
