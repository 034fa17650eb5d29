"use strict";

const at = (id) => document.getElementById(id);
const TICKS = {
  PENDING: ["🕓", "a caminho", ""],
  SERVER_ACK: ["✓", "enviada", ""],
  DELIVERY_ACK: ["✓✓", "entregue", ""],
  READ: ["✓✓", "lida", "read"],
  PLAYED: ["✓✓", "ouvida", "read"],
  ERROR: ["! não entregue", "não entregue", "failed"],
};
const chats = new Map();
let current = null;

function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

// WhatsApp's own marks, made as elements: a customer's or an agent's text is never read as HTML.
function formatted(text) {
  const marks = { "*": "strong", "_": "em", "~": "s" };
  return text.split(/(\*[^*\n]+\*|_[^_\n]+_|~[^~\n]+~)/).map((part) => {
    const tag = part.length > 2 && part[0] === part.at(-1) ? marks[part[0]] : undefined;
    return tag ? element(tag, "", part.slice(1, -1)) : part;
  });
}

function meta(message) {
  const moment = new Date(message.at * 1000);
  const clock = element("time", "", moment.toLocaleTimeString("pt-BR", { hour: "2-digit", minute: "2-digit" }));
  clock.dateTime = moment.toISOString();
  const line = element("span", "meta", clock);
  if (!message.from_me) {
    const [mark, words, style] = TICKS[message.status];
    const ticks = element("span", `ticks ${style}`, mark);
    ticks.setAttribute("role", "img");
    ticks.setAttribute("aria-label", words);
    ticks.title = words;
    line.append(ticks);
  }
  return line;
}

function day(message) {
  return new Date(message.at * 1000).toLocaleDateString("pt-BR", { day: "numeric", month: "long" });
}

function drawLog() {
  const chat = chats.get(current);
  const lines = [];
  let last = "";
  for (const message of chat.messages.values()) {
    if (day(message) !== last) lines.push(element("li", "day", (last = day(message))));
    const text = element("span", "text", ...formatted(message.text));
    lines.push(element("li", message.from_me ? "theirs" : "mine", text, meta(message)));
  }
  if (chat.typing) {
    const dots = element("li", "theirs typing", element("i"), element("i"), element("i"));
    dots.setAttribute("aria-label", "digitando");
    lines.push(dots);
  }
  at("log").replaceChildren(...lines);
  at("log").scrollTop = at("log").scrollHeight;
  at("presence").textContent = chat.typing ? "digitando…" : "online";
}

function drawCustomers() {
  at("customers").replaceChildren(...[...chats.values()].map((chat) => {
    const newest = [...chat.messages.values()].at(-1);
    const badge = element("span", "badge", chat.unread ? String(chat.unread) : "");
    const button = element("button", "", element("b", "", chat.name), badge, element("small", "", newest ? newest.text : "sem mensagens"));
    button.type = "button";
    button.setAttribute("aria-current", String(chat.jid === current));
    button.addEventListener("click", () => open(chat.jid));
    return element("li", "", button);
  }));
}

function draw() {
  drawCustomers();
  drawLog();
}

function open(jid) {
  current = jid;
  chats.get(jid).unread = 0;
  draw();
  post("looks", { jid });
  at("text").focus();
}

function post(path, body) {
  return fetch(`/simulator/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function send(text) {
  if (!text.trim()) return;
  const answer = await post("messages", { jid: current, text }).catch(() => null);
  if (answer && answer.ok) return true;
  at("connection").textContent = "A mensagem não saiu: o simulador não respondeu.";
  return false;
}

const happened = {
  message(news) {
    const chat = chats.get(news.jid);
    if (!chat) return load();
    chat.messages.set(news.id, news);
    if (news.from_me && news.jid === current) post("looks", { jid: current });
    else if (news.from_me) chat.unread += 1;
  },
  status(news) {
    const message = chats.get(news.jid)?.messages.get(news.id);
    if (message) message.status = news.status;
  },
  typing(news) {
    const chat = chats.get(news.jid);
    if (chat) chat.typing = news.on;
  },
};

async function load() {
  const state = await (await fetch("/simulator/state")).json();
  for (const { jid, name } of state.customers) {
    const known = chats.get(jid);
    chats.set(jid, { jid, name, messages: new Map(), typing: false, unread: known ? known.unread : 0 });
  }
  for (const message of state.messages) chats.get(message.jid).messages.set(message.id, message);
  at("company").textContent = state.instance;
  at("questions").replaceChildren(...state.questions.map((question) => {
    const chip = element("button", "", question);
    chip.type = "button";
    chip.addEventListener("click", () => send(question));
    return chip;
  }));
  if (current) draw();
  else open(state.customers[0].jid);
}

function follow() {
  const source = new EventSource("/simulator/events");
  source.addEventListener("open", () => {
    at("connection").textContent = "";
    load();
  });
  source.addEventListener("error", () => {
    at("connection").textContent = "Sem conexão com o simulador; tentando de novo…";
  });
  source.addEventListener("message", ({ data }) => {
    const news = JSON.parse(data);
    happened[news.kind](news);
    if (current) draw();
  });
}

function theme(choice) {
  document.documentElement.dataset.theme = choice;
  localStorage.setItem("theme", choice);
}

theme(localStorage.getItem("theme") || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
at("theme").addEventListener("click", () => theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));
at("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    at("composer").requestSubmit();
  }
});
at("composer").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = at("text").value;
  at("text").value = "";
  if (!(await send(text))) at("text").value = text;
});
follow();
