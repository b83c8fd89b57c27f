
"use strict";
// All text of the server goes into the page by textContent. Nothing is kept between visits.
const WORDS = "WORDS";
const TONES = { up: "good", not_switched: "doubt", faulty: "bad", down: "bad" };
const STATES = { up: "up", not_switched: "not switched", faulty: "faulty", down: "down" };
const byId = (id) => document.getElementById(id);
const shown = {};  // what each part of the page shows, so that only what has changed is made anew

function make(tag, text, className) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
}

function changed(part, value) {
  const written = JSON.stringify(value);
  if (shown[part] === written) return false;
  shown[part] = written;
  return true;
}

function options(select, words) {
  for (const [value, says] of Object.entries(words)) {
    const option = make("option", value === says ? value : `${value}: ${says}`);
    option.value = value;
    select.append(option);
  }
}

function say(text, tone) {
  byId("said").textContent = text;
  byId("said").dataset.tone = tone;
}

// -- talking to the simulator ---------------------------------------------------------------------------------------

async function order(name, members, { quietly = false } = {}) {
  try {
    const answer = await fetch(`/orders/${name}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(members),
    });
    const done = await answer.json();
    await look();  // first, so that what is said can be seen
    if (!answer.ok) say(`Not done: ${done.error}`, "bad");
    else if (!quietly) say(done.says, "good");
    return answer.ok ? done : null;
  } catch {
    lost();
    return null;
  }
}

async function look() {
  try {
    const answer = await fetch("/state");
    if (!answer.ok) throw new Error(answer.statusText);
    show(await answer.json());
    link("connected", "good");
  } catch {
    lost();
  }
}

function lost() {
  link("not answering", "bad");
  say("The simulator does not answer. Was it stopped?", "bad");
}

function link(text, tone) {
  if (!changed("link", text)) return;
  byId("link").textContent = text;
  byId("link").dataset.tone = tone;
}

async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    say(`${what} copied`, "good");
  } catch {
    say(`The browser does not let this page copy: select the ${what.toLowerCase()} and copy it`, "bad");
  }
}

// -- showing --------------------------------------------------------------------------------------------------------

function show(state) {
  byId("pool").textContent = state.user_pool_id;
  byId("client").textContent = state.client_id;
  if (changed("switch", [state.switched_to, state.current_issuer])) showSwitch(state);
  if (changed("regions", state.regions)) showRegions(state);
  if (changed("hosts", state.hosts)) state.hosts.forEach(showHost);
  if (changed("keys", state.keys)) byId("keys").replaceChildren(...state.keys.map(keyItem));
  if (changed("requests", state.requests)) showRequests(state);
  byId("total").textContent = state.hosts.reduce((sum, host) => sum + host.requests, 0);
}

function showSwitch(state) {
  const updated = state.switched_to === "updated";
  byId("switched-to").textContent = state.switched_to;
  byId("current-issuer").textContent = state.current_issuer;
  byId("switch-button").textContent = updated ? "Switch back to original" : "Switch to updated";
  byId("switch-button").dataset.to = updated ? "original" : "updated";
}

function showRegions(state) {
  const [primary, ...replicas] = state.regions;
  byId("regions").replaceChildren(...state.regions.map((region) => {
    const section = byId("region-template").content.cloneNode(true).firstElementChild;
    section.querySelector("h3").textContent = `${region} (${region === primary ? "primary" : "replica"})`;
    section.setAttribute("aria-label", region);
    section.querySelector(".hosts").append(...state.hosts.filter((host) => host.region === region).map(hostItem));
    listenToRegion(section.querySelector("form"), region);
    return section;
  }));
  options(byId("mint").elements.issuer, Object.fromEntries(
    replicas.map((region) => [region, "the original form of that replica region"])));
}

function listenToRegion(form, region) {
  const what = form.elements.what;
  for (const [label, words] of [["Down", WORDS.outages], ["Faults", WORDS.faults]]) {
    const group = make("optgroup");
    group.label = label;
    options(group, words);
    what.append(group);
  }
  const where = () => ({ region, form: form.elements.form.value || null });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (what.value in WORDS.outages) order("take-down", { ...where(), how: what.value });
    else order("fault", { ...where(), fault: what.value });
  });
  form.elements.heal.addEventListener("click", () => order("heal", where()));
}

function hostItem(host) {
  const item = byId("host-template").content.cloneNode(true).firstElementChild;
  item.dataset.host = `${host.region} ${host.form}`;
  item.querySelector(".plays").textContent = host.plays;
  item.querySelector(".note").textContent = host.asked ? "" : "only here: no service asks this name";
  item.querySelector(".uri").textContent = host.jwks_uri;
  return item;
}

function showHost(host) {
  const item = document.querySelector(`[data-host="${CSS.escape(`${host.region} ${host.form}`)}"]`);
  const badge = item.querySelector(".badge");
  badge.textContent = STATES[host.state];
  badge.dataset.tone = TONES[host.state];
  item.querySelector(".count").textContent = `${host.requests} request${host.requests === 1 ? "" : "s"}`;
  const troubles = host.faults.map((name) => `${name}: ${WORDS.faults[name]}`);
  if (host.outage) troubles.unshift(`${host.outage}: ${WORDS.outages[host.outage]}`);
  item.querySelector(".trouble").textContent = troubles.join("; ");
}

function keyItem(key) {
  const item = make("li");
  const uses = make("span", undefined, "uses");
  const says = key.signs.length ? `signs ${key.signs.join(" and ")} tokens` : "published, signs nothing";
  uses.append(make("span", says, "badge"));
  if (key.signs.length) uses.firstChild.dataset.tone = "good";
  const withdraw = make("button", "Withdraw", "small");
  withdraw.type = "button";
  withdraw.setAttribute("aria-label", `Withdraw the key ${key.kid}`);
  withdraw.addEventListener("click", () => order("withdraw", { kid: key.kid }));
  item.append(uses, make("code", key.kid, "kid"), make("code", key.thumbprint, "thumb muted"), withdraw);
  return item;
}

function showRequests(state) {
  byId("no-requests").hidden = state.requests.length > 0;
  byId("requests-table").hidden = state.requests.length === 0;
  byId("requests").replaceChildren(...state.requests.map((request) => {
    const row = make("tr");
    const path = request.path.replace(`/${state.user_pool_id}/`, "…/");
    const answer = make("td");
    const said = request.fault ?? request.status ?? "no answer";
    answer.append(make("span", said, "badge"));
    answer.firstChild.dataset.tone = request.fault ? "bad" : request.status < 400 ? "good" : "doubt";
    row.append(make("td", new Date(request.time).toLocaleTimeString("en-GB")),
      make("td", `${request.region} ${request.form}`), make("td", `${request.method} ${path}`), answer);
    return row;
  }));
}

// -- minting --------------------------------------------------------------------------------------------------------

const listed = (text) => text.split(/[\s,]+/).filter(Boolean);

function wanted(fields) {
  const members = { kind: fields.kind.value };
  const lists = { groups: listed(fields.groups.value), scopes: listed(fields.scopes.value) };
  const plain = { issuer: fields.issuer.value, username: fields.username.value.trim() };
  for (const [name, value] of Object.entries({ ...lists, ...plain })) {
    if (!fields[name].disabled && value.length) members[name] = value;
  }
  if (!fields.expires_in.disabled) members.expires_in = Number(fields.expires_in.value);
  return members;
}

function suit(fields) {
  const without = { foreign: ["issuer", "groups", "scopes", "username", "expires_in"], id: ["scopes"],
    machine: ["groups", "username"] }[fields.kind.value] ?? [];
  for (const name of ["issuer", "groups", "scopes", "username", "expires_in"]) {
    fields[name].disabled = without.includes(name);
  }
}

async function mint(event) {
  event.preventDefault();
  const done = await order("token", wanted(byId("mint").elements));
  if (!done) return;
  byId("token").value = done.token;
  byId("copy-token").disabled = false;
}

async function showSettings() {
  const done = await order("settings", { form: byId("settings-form").value }, { quietly: true });
  if (done) byId("settings").textContent = done.settings;
}

// -- the beginning --------------------------------------------------------------------------------------------------

function begin() {
  const fields = byId("mint").elements;
  options(fields.kind, WORDS.kinds);
  options(fields.issuer, WORDS.issuers);
  options(byId("settings-form"), Object.fromEntries(WORDS.settings.map((form) => [form, form])));
  byId("mint").addEventListener("submit", mint);
  fields.kind.addEventListener("change", () => suit(fields));
  byId("copy-token").addEventListener("click", () => copy(byId("token").value, "Token"));
  byId("copy-settings").addEventListener("click", () => copy(byId("settings").textContent, "Settings"));
  byId("settings-form").addEventListener("change", showSettings);
  byId("switch-button").addEventListener("click", (event) => order("switch", { to: event.currentTarget.dataset.to }));
  byId("rotate").addEventListener("click", () => order("rotate", {}));
  byId("rotate-drop").addEventListener("click", () => order("rotate", { keep_old: false }));
  byId("heal-all").addEventListener("click", () => order("heal", {}));
  showSettings();
  setInterval(look, 1000);
}

begin();
